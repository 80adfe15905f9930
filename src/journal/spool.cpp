#include "journal/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/state.hpp"
#include "journal/stored_exit.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::journal {
namespace {

constexpr std::uint64_t kMagic = 0x32747368'72747366;  // "fstrhst2" in the file; another layout has another one
constexpr std::size_t kMostBytes = 64U << 20U;

struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t last_id = 0;
  std::uint64_t are_numbered = 0;
};

/// What is not known of the end of a run.
constexpr std::int64_t kUnknown = -1;

/// Instance, detail and last output follow.
struct Stored {
  std::uint32_t size = 0;  ///< Of all of it.
  std::uint32_t checksum = 0;
  std::uint64_t id = 0;
  std::int64_t wall = 0;  ///< Microseconds since 1970.
  std::int64_t monotonic = 0;
  std::int64_t exit = 0;           ///< 0: none.
  std::int64_t user = kUnknown;    ///< Microseconds, as is the next one.
  std::int64_t system = kUnknown;  ///< Known if `user` is.
  std::int64_t memory = kUnknown;  ///< Bytes.
  std::uint32_t run = 0;
  std::uint32_t instance_size = 0;
  std::uint32_t output_size = 0;
  std::uint8_t from = 0;
  std::uint8_t to = 0;
  std::uint8_t cause = 0;
  std::uint8_t has_end = 0;  ///< It tells the end of a run.
};
static_assert(std::is_trivially_copyable_v<Stored> && sizeof(Header) == 24 && sizeof(Stored) == 80);

/// FNV-1a over everything behind the checksum.
std::uint32_t checksum_of(std::string_view bytes) {
  std::uint32_t sum = 2166136261U;
  for (const char byte : bytes.substr(offsetof(Stored, id))) {
    sum = (sum ^ static_cast<std::uint8_t>(byte)) * 16777619U;
  }
  return sum;
}

template <class Value>
std::string_view bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

void set_end(const core::RunEnd& end, Stored& stored) {
  stored.has_end = 1;
  stored.output_size = static_cast<std::uint32_t>(end.last_output.size());
  if (!end.use) return;
  stored.user = end.use->user_time.count();
  stored.system = end.use->system_time.count();
  if (end.use->most_resident_bytes) stored.memory = static_cast<std::int64_t>(*end.use->most_resident_bytes);
}

core::RunEnd end_of(const Stored& stored, std::string_view output) {
  core::RunEnd end{.use = std::nullopt, .last_output = std::string(output)};
  if (stored.user == kUnknown) return end;
  end.use = core::RunEnd::Use{.user_time = std::chrono::microseconds(stored.user),
                              .system_time = std::chrono::microseconds(stored.system)};
  if (stored.memory != kUnknown) end.use->most_resident_bytes = static_cast<std::uint64_t>(stored.memory);
  return end;
}

std::string encode(const EventRecord& event) {
  Stored stored;
  if (event.end) set_end(*event.end, stored);
  stored.size = static_cast<std::uint32_t>(sizeof stored + event.instance.size() + event.cause.detail.size() +
                                           stored.output_size);
  stored.id = event.id;
  stored.wall = std::chrono::duration_cast<std::chrono::microseconds>(event.wall.time_since_epoch()).count();
  stored.monotonic = event.monotonic.time_since_epoch().count();
  stored.exit = event.cause.exit ? encode_exit(*event.cause.exit) : 0;
  stored.run = event.run;
  stored.instance_size = static_cast<std::uint32_t>(event.instance.size());
  stored.from = static_cast<std::uint8_t>(event.from);
  stored.to = static_cast<std::uint8_t>(event.to);
  stored.cause = static_cast<std::uint8_t>(event.cause.kind);
  std::string bytes(bytes_of(stored));
  bytes.append(event.instance).append(event.cause.detail);
  if (event.end) bytes.append(event.end->last_output);
  const std::uint32_t checksum = checksum_of(bytes);
  std::memcpy(bytes.data() + offsetof(Stored, checksum), &checksum, sizeof checksum);
  return bytes;
}

/// Takes one event off; empty at the end, and where somebody was cut short.
std::optional<EventRecord> take(std::string_view& bytes) {
  Stored stored;
  if (bytes.size() < sizeof stored) return std::nullopt;
  std::memcpy(&stored, bytes.data(), sizeof stored);
  if (stored.size < sizeof stored || stored.size > bytes.size()) return std::nullopt;
  const std::string_view whole = bytes.substr(0, stored.size);
  const std::string_view text = whole.substr(sizeof stored);
  if (checksum_of(whole) != stored.checksum || stored.instance_size > text.size() ||
      stored.output_size > text.size() - stored.instance_size) {
    return std::nullopt;
  }
  if (stored.from >= core::kStates || stored.to >= core::kStates) return std::nullopt;
  bytes.remove_prefix(stored.size);
  EventRecord event;
  event.id = stored.id;
  event.wall = std::chrono::system_clock::time_point(std::chrono::microseconds(stored.wall));
  event.monotonic = core::Instant(core::Duration(stored.monotonic));
  event.instance = text.substr(0, stored.instance_size);
  event.run = stored.run;
  event.from = static_cast<core::State>(stored.from);
  event.to = static_cast<core::State>(stored.to);
  event.cause.kind = static_cast<core::CauseKind>(stored.cause);
  const std::size_t output_at = text.size() - stored.output_size;
  event.cause.detail = text.substr(stored.instance_size, output_at - stored.instance_size);
  if (stored.has_end != 0) event.end = end_of(stored, text.substr(output_at));
  if (stored.exit != 0) event.cause.exit = decode_exit(stored.exit);
  return event;
}

/// @param size Becomes the bytes of all events that could be read.
std::optional<Spool::Found> read_all(std::string_view bytes, std::size_t& size) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic) return std::nullopt;
  bytes.remove_prefix(sizeof header);
  Spool::Found found{.events = {}, .last_id = header.last_id, .are_numbered = header.are_numbered != 0};
  const std::size_t most = bytes.size();
  while (auto event = take(bytes)) {
    found.last_id = std::max(found.last_id, event->id);
    found.events.push_back(std::move(*event));
  }
  size = most - bytes.size();
  return found;
}

Result<> write_at(BorrowedFd file, std::string_view bytes, std::size_t offset) {
  const auto written =
      sys::retry_on_eintr([&] { return ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
  if (written == static_cast<ssize_t>(bytes.size())) return {};
  return failure("write", written < 0 ? errno : ENOSPC, "history");
}

}  // namespace

Result<Spool::Opened> Spool::open(std::string path) {
  const auto bytes = sys::read_file(path, kMostBytes);
  std::size_t size = 0;
  auto found = bytes ? read_all(*bytes, size) : std::nullopt;
  auto file = sys::open_file(path, O_RDWR | O_NOFOLLOW);
  Spool spool(std::move(path), UniqueFd());
  if (found && file) {
    // What was cut short behind it is written over.
    spool.file_ = std::move(*file);
    spool.size_ = size;
  } else if (auto made = spool.keep({}, 0, false); !made) {
    return Failure(made.error());
  }
  return Opened{std::move(spool), std::move(found)};
}

Result<> Spool::append(const EventRecord& event) {
  const std::string bytes = encode(event);
  auto written = write_at(file_, bytes, sizeof(Header) + size_);
  if (written) size_ += bytes.size();
  return written;
}

Result<> Spool::keep(std::span<const EventRecord> events, std::uint64_t last_id, bool are_numbered) {
  const std::string temporary = path_ + ".new";
  auto file = sys::open_file(temporary, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (!file) return Failure(file.error());
  std::string bytes(bytes_of(Header{.last_id = last_id, .are_numbered = are_numbered ? 1U : 0U}));
  for (const EventRecord& event : events) bytes.append(encode(event));
  if (auto written = write_at(*file, bytes, 0); !written) return written;
  if (auto done = sys::check_done(std::rename(temporary.c_str(), path_.c_str()), "rename", temporary); !done) {
    return done;
  }
  file_ = std::move(*file);
  size_ = bytes.size() - sizeof(Header);
  return {};
}

void Spool::clear(std::uint64_t last_id, bool are_numbered) {
  // The number first: whoever is lost in between finds events that are stored, and knows them by it.
  if (!write_at(file_, bytes_of(Header{.last_id = last_id, .are_numbered = are_numbered ? 1U : 0U}), 0)) return;
  if (::ftruncate(file_.get(), sizeof(Header)) == 0) size_ = 0;
}

}  // namespace foster::journal
