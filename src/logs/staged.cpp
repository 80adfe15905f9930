#include "logs/staged.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <type_traits>

#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace foster::logs {
namespace {

constexpr std::size_t kPortion = 64 * 1024;
/// As much of what went on may stay in the file.
constexpr std::uint64_t kSlack = 256 * 1024;

/// At the beginning of the file. What is written there is on one page: whole or not at all.
struct Header {
  std::uint64_t version = 1;
  std::uint64_t position = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  std::uint32_t has_spot = 0;
  std::uint32_t is_capturing = 0;
  std::uint64_t passed = 0;
  std::uint64_t stream = 0;
};
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) == 64);

// Differs from that of every other file, also of one that was in this one's place.
std::uint64_t new_stream() {
  std::uint64_t stream = 0;
  while (stream == 0 && ::getrandom(&stream, sizeof stream, GRND_NONBLOCK) < 0) {
    if (errno == EINTR) continue;
    stream = static_cast<std::uint64_t>(sys::wall_now().time_since_epoch().count());
  }
  return stream;
}

}  // namespace

Result<Staged> Staged::open(BorrowedFd directory, const std::string& file_name) {
  auto file = sys::open_at(directory, file_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (!file) return std::unexpected(file.error());
  Staged staged(std::move(*file));
  if (auto loaded = staged.load(); !loaded) return std::unexpected(loaded.error());
  return staged;
}

Result<> Staged::load() {
  struct stat facts{};
  if (::fstat(file_.get(), &facts) != 0) return failure("stat", errno, "staged output");
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  Header header;
  const auto got = sys::retry_on_eintr([&] { return ::pread(file_.get(), &header, sizeof header, 0); });
  if (got != sizeof header || header.version != 1) {
    // New, or nothing that could be understood.
    if (::ftruncate(file_.get(), sizeof header) != 0) return failure("truncate", errno, "staged output");
    stream_ = new_stream();
    store(std::nullopt, false);
    return {};
  }
  const std::uint64_t end = size - sizeof header;
  // Shorter than that: all of it went on, and it was emptied before that could be stored.
  const bool was_emptied = header.position > end;
  position_ = end_ = given_back_ = was_emptied ? 0 : header.position;
  passed_ = header.passed + (was_emptied ? header.position : 0);
  stream_ = header.stream != 0 ? header.stream : new_stream();
  found_.is_capturing = header.is_capturing != 0;
  if (header.has_spot != 0 && !was_emptied) {
    found_.spot = LogFile::Spot{.device = header.device, .inode = header.inode, .offset = header.offset, .size = 0};
  }
  return catch_up(end);
}

Result<std::size_t> Staged::take_from(sys::FifoReader& fifo, std::size_t most) {
  std::uint64_t end = sizeof(Header) + end_;
  const auto taken = fifo.splice_to(file_, end, std::min(most, kPortion));
  if (!taken || *taken == 0) return taken;
  if (auto read = catch_up(end - sizeof(Header)); !read) return std::unexpected(read.error());
  return taken;
}

Result<> Staged::catch_up(std::uint64_t end) {
  while (end_ < end) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(end - end_, kPortion));
    const std::size_t before = window_.size();
    window_.resize(before + size);
    const auto got = sys::retry_on_eintr(
        [&] { return ::pread(file_.get(), window_.data() + before, size, static_cast<off_t>(sizeof(Header) + end_)); });
    window_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0) return failure("read", got == 0 ? EIO : errno, "staged output");
    end_ += static_cast<std::uint64_t>(got);
  }
  return {};
}

void Staged::consume(std::size_t size) {
  position_ += size;
  head_ += size;
  if (head_ < window_.size() / 2) return;
  window_.erase(0, head_);
  head_ = 0;
}

void Staged::store(const std::optional<LogFile::Spot>& spot, bool is_capturing) {
  if (position_ == end_ && !is_capturing && end_ >= kSlack) empty();
  write_header(spot, is_capturing);
  give_back();
}

// How far it came is stored, then it is emptied, then that is stored: a position behind the end says so.
void Staged::empty() {
  write_header(std::nullopt, false);
  if (::ftruncate(file_.get(), sizeof(Header)) != 0) return;
  passed_ += position_;
  position_ = end_ = given_back_ = 0;
}

void Staged::write_header(const std::optional<LogFile::Spot>& spot, bool is_capturing) {
  Header header{.position = position_, .is_capturing = is_capturing ? 1U : 0U, .passed = passed_, .stream = stream_};
  if (spot) {
    header.device = spot->device;
    header.inode = spot->inode;
    header.offset = spot->offset;
    header.has_spot = 1;
  }
  (void)sys::retry_on_eintr([&] { return ::pwrite(file_.get(), &header, sizeof header, 0); });  // its page is there
}

// A message without an end keeps the file from being emptied.
void Staged::give_back() {
  if (position_ < given_back_ + 4 * kSlack) return;
  (void)::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, sizeof(Header),
                    static_cast<off_t>(position_));  // a file system that cannot keeps them a while
  given_back_ = position_;
}

}  // namespace foster::logs
