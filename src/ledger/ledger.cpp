#include "ledger/ledger.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::ledger {
namespace {

constexpr const char* kNewFileName = "ledger.new";
constexpr int kTicketShift = 32;

std::uint32_t ticket_of(std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(word >> kTicketShift);
}

pid_t pid_of(std::uint64_t word) noexcept {
  return static_cast<pid_t>(word & 0xffffffffU);
}

/// The next ticket with nobody's claim; after 2^32 tickets it begins again.
std::uint64_t next_open(std::uint64_t word) noexcept {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(ticket_of(word) + 1)) << kTicketShift;
}

off_t offset_of(Slot slot) noexcept {
  return static_cast<off_t>(kEntriesOffset + slot * kEntrySize);
}

std::string_view text_of(std::span<const char> field) noexcept {
  return {field.data(), ::strnlen(field.data(), field.size())};
}

/// The members of the header that never change once it is written; those in the mapping are atomics, and a copy
/// of them means nothing.
using FixedHeader = std::array<std::byte, offsetof(Header, reaper_pid)>;

template <class Member>
Member member(const FixedHeader& header, std::size_t offset) noexcept {
  Member value;
  std::memcpy(&value, header.data() + offset, sizeof value);
  return value;
}

template <std::size_t Size>
void put(FixedHeader& header, std::size_t offset, const std::array<char, Size>& text) noexcept {
  std::memcpy(header.data() + offset, text.data(), Size);
}

void put(FixedHeader& header, std::size_t offset, std::unsigned_integral auto value) noexcept {
  std::memcpy(header.data() + offset, &value, sizeof value);
}

template <std::size_t Size>
Result<std::array<char, Size>> as_field(std::string_view text) {
  std::array<char, Size> field{};
  if (text.empty() || text.size() >= Size || text.find('\0') != std::string_view::npos) {
    return failure("ledger", EINVAL, std::string(text));
  }
  std::ranges::copy(text, field.begin());
  return field;
}

Result<FixedHeader> make_header(std::string_view instance_name, std::string_view boot_id) {
  const auto boot = as_field<kBootIdSize>(boot_id);
  if (!boot) return Failure(boot.error());
  const auto name = as_field<kInstanceNameSize>(instance_name);
  if (!name) return Failure(name.error());
  FixedHeader header{};
  put(header, offsetof(Header, magic), kMagic);
  put(header, offsetof(Header, version), kLayoutVersion);
  put(header, offsetof(Header, slots), kSlots);
  put(header, offsetof(Header, claims_offset), static_cast<std::uint32_t>(kClaimsOffset));
  put(header, offsetof(Header, claim_size), static_cast<std::uint32_t>(sizeof(ClaimWord)));
  put(header, offsetof(Header, entries_offset), static_cast<std::uint32_t>(kEntriesOffset));
  put(header, offsetof(Header, entry_size), static_cast<std::uint32_t>(kEntrySize));
  put(header, offsetof(Header, boot_id), *boot);
  put(header, offsetof(Header, instance_name), *name);
  return header;
}

Result<> write_at(BorrowedFd file, std::span<const std::byte> bytes, off_t offset) {
  const auto written = sys::retry_on_eintr([&] { return ::pwrite(file.get(), bytes.data(), bytes.size(), offset); });
  if (written == static_cast<ssize_t>(bytes.size())) return {};
  return failure("write", written < 0 ? errno : ENOSPC, Ledger::kFileName);
}

/// Bytes beyond the end of the file are an error.
Result<> read_at(BorrowedFd file, std::span<std::byte> bytes, off_t offset) {
  const auto got = sys::retry_on_eintr([&] { return ::pread(file.get(), bytes.data(), bytes.size(), offset); });
  if (got == static_cast<ssize_t>(bytes.size())) return {};
  return failure("read", got < 0 ? errno : EBADMSG, Ledger::kFileName);
}

/// A new file under another name first: a ledger is never half made.
Result<UniqueFd> make_file(BorrowedFd directory, const FixedHeader& header) {
  auto opened = sys::open_at(directory, kNewFileName, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (!opened) return opened;
  UniqueFd file = std::move(*opened);
  // What will be mapped is written, not left as a hole: with the file system full, a hole is a SIGBUS later.
  constexpr std::array<std::byte, kPageSize> kZeros{};
  for (std::size_t offset = 0; offset < kEntriesOffset; offset += kPageSize) {
    if (auto done = write_at(file, kZeros, static_cast<off_t>(offset)); !done) return Failure(done.error());
  }
  if (auto done = write_at(file, header, 0); !done) return Failure(done.error());
  if (auto done = sys::check_done(::ftruncate(file.get(), kFileSize), "truncate", kNewFileName); !done) {
    return Failure(done.error());
  }
  if (auto done = sys::check_done(::renameat(directory.get(), kNewFileName, directory.get(), Ledger::kFileName),
                                  "rename", kNewFileName);
      !done) {
    return Failure(done.error());
  }
  return file;
}

enum class Age : std::uint8_t { this_boot, other_boot };

/// Whether what was found may be used, and for what.
Result<Age> examine(BorrowedFd file, const FixedHeader& expected) {
  FixedHeader found;
  if (auto done = read_at(file, found, 0); !done) return Failure(done.error());
  if (member<std::uint64_t>(found, offsetof(Header, magic)) != kMagic) {
    return failure("ledger", EBADMSG, "not a ledger");
  }
  using BootId = std::array<char, kBootIdSize>;
  if (member<BootId>(found, offsetof(Header, boot_id)) != member<BootId>(expected, offsetof(Header, boot_id))) {
    return Age::other_boot;
  }
  const auto version = member<std::uint32_t>(found, offsetof(Header, version));
  if (version > kLayoutVersion) {
    return failure("ledger", ENOTSUP,
                   "of a newer foster: layout " + std::to_string(version) + ", this one knows up to " +
                       std::to_string(kLayoutVersion));
  }
  if (version != kLayoutVersion) return failure("ledger", EBADMSG, "layout " + std::to_string(version));
  if (!std::ranges::equal(std::span(found).first(offsetof(Header, boot_id)),
                          std::span(expected).first(offsetof(Header, boot_id)))) {
    return failure("ledger", EBADMSG, "sizes");
  }
  using Name = std::array<char, kInstanceNameSize>;
  const auto name = member<Name>(found, offsetof(Header, instance_name));
  if (name != member<Name>(expected, offsetof(Header, instance_name))) {
    return failure("ledger", EINVAL, "belongs to " + std::string(text_of(name)));
  }
  struct stat status{};
  if (auto done = sys::check_done(::fstat(file.get(), &status), "stat", Ledger::kFileName); !done) {
    return Failure(done.error());
  }
  if (status.st_size != static_cast<off_t>(kFileSize)) return failure("ledger", EBADMSG, "file size");
  return Age::this_boot;
}

}  // namespace

void Ledger::Unmap::operator()(Shared* shared) const noexcept {
  (void)::munmap(shared, sizeof(Shared));  // fails only for an address that is no mapping
}

Ledger::Ledger(UniqueFd file, Mapping shared, Found found) noexcept
    : file_(std::move(file)), shared_(std::move(shared)), found_(found) {}

Result<Ledger> Ledger::open(BorrowedFd directory, std::string_view instance_name, std::string_view boot_id) {
  const auto header = make_header(instance_name, boot_id);
  if (!header) return Failure(header.error());
  auto existing = sys::open_at(directory, kFileName, O_RDWR | O_NOFOLLOW);
  if (existing) {
    const auto age = examine(*existing, *header);
    if (!age) return Failure(age.error());
    if (*age == Age::this_boot) return map(std::move(*existing), Found::same_boot);
  } else if (existing.error().code != ENOENT) {
    return Failure(existing.error());
  }
  auto made = make_file(directory, *header);
  if (!made) return Failure(std::move(made).error());
  return map(std::move(*made), Found::fresh);
}

Result<Ledger> Ledger::of_file(UniqueFd file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failure("stat", errno, kFileName);
  if (status.st_size != static_cast<off_t>(kFileSize)) return failure("ledger", EBADMSG, "file size");
  return map(std::move(file), Found::same_boot);
}

Result<> Ledger::move_to(BorrowedFd directory) {
  auto opened = sys::open_at(directory, kNewFileName, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (!opened) return Failure(opened.error());
  std::array<std::byte, kPageSize> page;
  for (std::size_t offset = 0; offset < kFileSize; offset += page.size()) {
    if (auto done = read_at(file_, page, static_cast<off_t>(offset)); !done) return done;
    // Free slots stay a hole.
    const bool is_empty = std::ranges::all_of(page, [](std::byte one) { return one == std::byte{0}; });
    if (is_empty && offset >= kEntriesOffset) continue;
    if (auto done = write_at(*opened, page, static_cast<off_t>(offset)); !done) return done;
  }
  if (auto done = sys::check_done(::ftruncate(opened->get(), kFileSize), "truncate", kNewFileName); !done) return done;
  auto moved = map(std::move(*opened), found_);
  if (!moved) return Failure(moved.error());
  if (auto done = sys::check_done(::renameat(directory.get(), kNewFileName, directory.get(), kFileName), "rename",
                                  kNewFileName);
      !done) {
    return done;
  }
  *this = std::move(*moved);
  return {};
}

Result<Ledger> Ledger::map(UniqueFd file, Found found) {
  void* address = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return failure("map", errno, kFileName);
  return Ledger(std::move(file), Mapping(static_cast<Shared*>(address)), found);
}

std::string_view Ledger::instance_name() const noexcept {
  return text_of(shared_->header.instance_name);
}

ClaimWord* Ledger::claim_word(Slot slot) noexcept {
  assert(slot < kSlots);
  return &shared_->claims[slot];
}

std::uint64_t Ledger::publish(Slot slot) noexcept {
  ClaimWord& word = *claim_word(slot);
  std::uint64_t found = word.load();
  while (!word.compare_exchange_weak(found, next_open(found))) {
  }
  return next_open(found);
}

std::optional<Pid> Ledger::claimed_by(Slot slot) const noexcept {
  assert(slot < kSlots);
  const pid_t pid = pid_of(shared_->claims[slot].load());
  if (pid <= 0) return std::nullopt;
  return Pid(pid);
}

std::optional<Pid> Ledger::revoke(Slot slot) noexcept {
  ClaimWord& word = *claim_word(slot);
  std::uint64_t found = word.load();
  while (pid_of(found) <= 0) {
    if (word.compare_exchange_weak(found, next_open(found))) return std::nullopt;
  }
  return Pid(pid_of(found));
}

void Ledger::clear(Slot slot) noexcept {
  (void)publish(slot);  // the ticket is open, but nobody was told its number
}

// One write within one page, from one page: the kernel copies it in one piece, and a SIGKILL comes before or
// after. So one copy of each entry is enough.
Result<> Ledger::store(Slot slot, const Entry& entry) {
  assert(slot < kSlots);
  if (auto valid = validate(entry); !valid) return valid;
  alignas(kEntrySize) const StoredEntry stored = encode(entry);
  return write_at(file_, std::as_bytes(std::span(&stored, 1)), offset_of(slot));
}

Result<Entry> Ledger::load(Slot slot) const {
  assert(slot < kSlots);
  StoredEntry stored;
  if (auto done = read_at(file_, std::as_writable_bytes(std::span(&stored, 1)), offset_of(slot)); !done) {
    return Failure(std::move(done).error());
  }
  auto entry = decode(stored);
  if (entry) return entry;
  Error error = std::move(entry).error();
  error.detail = "slot " + std::to_string(slot) + (error.detail.empty() ? "" : ", " + error.detail);
  return Failure(std::move(error));
}

Result<> Ledger::erase(Slot slot) {
  assert(slot < kSlots);
  alignas(kEntrySize) constexpr std::array<std::byte, kEntrySize> kFree{};
  return write_at(file_, kFree, offset_of(slot));
}

// Holes are skipped without a read: nearly all of the file is one.
Result<std::vector<Slot>> Ledger::occupied() const {
  std::vector<Slot> slots;
  alignas(8) std::array<std::byte, kPageSize> page;
  constexpr Slot kPerPage = kPageSize / kEntrySize;
  for (Slot first = 0; first < kSlots; first += kPerPage) {
    const off_t data = ::lseek(file_.get(), offset_of(first), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // nothing but a hole up to the end
    if (data > offset_of(first)) {
      first = static_cast<Slot>((static_cast<std::size_t>(data) - kEntriesOffset) / kPageSize) * kPerPage;
    }
    if (auto done = read_at(file_, page, offset_of(first)); !done) return Failure(std::move(done).error());
    for (Slot i = 0; i < kPerPage; ++i) {
      const auto entry = std::span(page).subspan(i * kEntrySize, kEntrySize);
      if (std::ranges::any_of(entry, [](std::byte byte) { return byte != std::byte{0}; })) slots.push_back(first + i);
    }
  }
  return slots;
}

// The pid is taken away first and given back last: whoever finds the same pid before and after has read what
// belongs to it.
void Ledger::set_reaper(const sys::ProcessIdentity& identity) noexcept {
  Header& header = shared_->header;
  header.reaper_pid.store(0);
  header.reaper_start_time.store(identity.start_time);
  header.reaper_inode.store(identity.inode);
  header.reaper_pid.store(identity.pid);
}

std::optional<sys::ProcessIdentity> Ledger::reaper() const noexcept {
  const Header& header = shared_->header;
  for (;;) {
    const pid_t before = header.reaper_pid.load();
    if (before <= 0) return std::nullopt;
    const sys::ProcessIdentity identity{before, header.reaper_start_time.load(), header.reaper_inode.load()};
    if (header.reaper_pid.load() == before) return identity;
  }
}

std::optional<Pid> Ledger::supervisor_pid() const noexcept {
  const pid_t pid = shared_->header.supervisor_pid.load();
  if (pid <= 0) return std::nullopt;
  return Pid(pid);
}

void Ledger::set_supervisor_pid(std::optional<Pid> pid) noexcept {
  shared_->header.supervisor_pid.store(pid ? pid->number() : 0);
}

std::uint64_t Ledger::recoveries() const noexcept {
  return shared_->header.recoveries.load();
}

void Ledger::count_recovery() noexcept {
  shared_->header.recoveries.fetch_add(1);
}

std::uint64_t Ledger::stamp() const noexcept {
  return shared_->header.stamp.load();
}

void Ledger::set_stamp(std::uint64_t stamp) noexcept {
  shared_->header.stamp.store(stamp);
}

std::uint64_t Ledger::hangs() const noexcept {
  return shared_->header.hangs.load();
}

void Ledger::count_hang() noexcept {
  shared_->header.hangs.fetch_add(1);
}

std::uint64_t Ledger::last_exit_sequence() const noexcept {
  return shared_->header.last_exit_sequence.load();
}

void Ledger::set_last_exit_sequence(std::uint64_t sequence) noexcept {
  shared_->header.last_exit_sequence.store(sequence);
}

}  // namespace foster::ledger
