#include "logs/tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <utility>
#include <vector>

#include "logs/log_name.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::logs {
namespace {

/// Numbers above this many missing ones in a row are not looked for.
constexpr unsigned kMostGaps = 8;

/// How often a look that a rotation disturbed is repeated before the owner gets his turn.
constexpr int kMostAttempts = 100;

UniqueFd open_number(BorrowedFd directory, const std::string& name, unsigned number) {
  const std::string numbered = rotated_name(name, number);
  const auto open = [&](int flags) {
    return sys::retry_on_eintr(
        [&] { return ::openat(directory.get(), numbered.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags); });
  };
  UniqueFd file(open(O_NOFOLLOW));
  if (!file && errno == ELOOP && sys::is_trusted_symlink(directory, numbered)) file = UniqueFd(open(0));
  return file;
}

struct stat facts_of(BorrowedFd file) {
  struct stat facts{};
  (void)::fstat(file.get(), &facts);  // cannot fail on an open descriptor
  return facts;
}

bool is_same(const struct stat& left, const struct stat& right) {
  return left.st_ino == right.st_ino && left.st_dev == right.st_dev;
}

/// Whether this number is that file now.
bool is_number(BorrowedFd directory, const std::string& name, unsigned number, const struct stat& file) {
  struct stat facts{};
  return ::fstatat(directory.get(), rotated_name(name, number).c_str(), &facts, 0) == 0 && is_same(facts, file);
}

struct Numbered {
  unsigned number;
  UniqueFd fd;
};

/// One look at all numbers. A rotation meanwhile moves files upwards, so counting upwards passes over none.
Result<std::vector<Numbered>> open_once(BorrowedFd directory, const std::string& name) {
  std::vector<Numbered> files;
  unsigned gaps = 0;
  for (unsigned number = 0; gaps <= kMostGaps; ++number) {
    auto file = open_number(directory, name, number);
    if (!file) {
      if (errno != ENOENT) return failure("open", errno, rotated_name(name, number));
      ++gaps;
      continue;
    }
    gaps = 0;
    // The one before, moved on while we looked.
    if (!files.empty() && is_same(facts_of(file), facts_of(files.back().fd))) continue;
    files.push_back({number, std::move(file)});
  }
  return files;
}

/// The files that exist, newest first. The newest is moved last, so while it stays no rotation was completed.
Result<std::vector<Numbered>> open_all(BorrowedFd directory, const std::string& name) {
  for (int attempt = 1;; ++attempt) {
    auto files = open_once(directory, name);
    if (!files || files->empty() || attempt == kMostAttempts) return files;
    const auto& newest = files->front();
    if (is_number(directory, name, newest.number, facts_of(newest.fd))) return files;
  }
}

bool exists(BorrowedFd directory, const std::string& name, unsigned number) {
  struct stat facts{};
  return ::fstatat(directory.get(), rotated_name(name, number).c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
}

/// The number of this file; none when it is no longer (or not yet again) in the row.
std::optional<unsigned> find_number(BorrowedFd directory, const std::string& name, const struct stat& file) {
  unsigned gaps = 0;
  for (unsigned number = 0; gaps <= kMostGaps; ++number) {
    if (is_number(directory, name, number, file)) return number;
    gaps = exists(directory, name, number) ? 0 : gaps + 1;
  }
  return std::nullopt;
}

/// Where the n-th line from the end begins within a file, or how many lines are still missing before it.
struct LineSearch {
  std::uint64_t missing;
  bool at_end = true;  ///< Nothing was looked at yet: a newline here ends the last line, it does not begin one.
};

/// Looks back through one file. Returns the place; 0 with `missing` left when the line begins earlier.
Result<std::uint64_t> search_back(BorrowedFd file, LineSearch& search) {
  std::array<char, 16 * 1024> block;
  auto end = static_cast<std::uint64_t>(facts_of(file).st_size);
  while (end > 0) {
    const auto size = std::min<std::uint64_t>(end, block.size());
    const auto begin = end - size;
    const auto got = sys::retry_on_eintr(
        [&] { return ::pread(file.get(), block.data(), static_cast<std::size_t>(size), static_cast<off_t>(begin)); });
    if (got < 0) return failure("read", errno);
    for (auto at = static_cast<std::uint64_t>(got); at-- > 0;) {
      if (block[static_cast<std::size_t>(at)] == '\n' && !search.at_end && --search.missing == 0) {
        return begin + at + 1;
      }
      search.at_end = false;
    }
    end = begin;
  }
  return 0;
}

bool is_before(const timespec& left, const timespec& right) {
  return left.tv_sec != right.tv_sec ? left.tv_sec < right.tv_sec : left.tv_nsec < right.tv_nsec;
}

Result<UniqueFd> duplicate(BorrowedFd fd) {
  auto copy = sys::check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), "dup");
  if (!copy) return std::unexpected(copy.error());
  return UniqueFd(*copy);
}

}  // namespace

Result<LogReader> LogReader::from_oldest(BorrowedFd directory, std::string file_name) {
  auto copy = duplicate(directory);
  if (!copy) return std::unexpected(copy.error());
  auto files = open_all(directory, file_name);
  if (!files) return std::unexpected(files.error());
  LogReader reader(std::move(*copy), std::move(file_name));
  if (!files->empty()) reader.fd_ = std::move(files->back().fd);
  return reader;
}

Result<LogReader> LogReader::from_last_lines(BorrowedFd directory, std::string file_name, std::uint64_t lines) {
  auto copy = duplicate(directory);
  if (!copy) return std::unexpected(copy.error());
  auto files = open_all(directory, file_name);
  if (!files) return std::unexpected(files.error());
  LogReader reader(std::move(*copy), std::move(file_name));
  if (files->empty()) return reader;
  if (lines == 0) {
    reader.fd_ = std::move(files->front().fd);
    reader.offset_ = static_cast<std::uint64_t>(facts_of(reader.fd_).st_size);
    return reader;
  }
  LineSearch search{.missing = lines};
  for (auto& file : *files) {
    const auto place = search_back(file.fd, search);
    if (!place) return std::unexpected(place.error());
    reader.fd_ = std::move(file.fd);
    reader.offset_ = *place;
    if (search.missing == 0) break;
  }
  return reader;
}

Result<LogReader> LogReader::from_position(BorrowedFd directory, std::string file_name, std::string_view position) {
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  const char* const begin = position.data();
  const char* const end = begin + position.size();
  const auto first = std::from_chars(begin, end, inode);
  const bool has_both = first.ec == std::errc{} && first.ptr != end && *first.ptr == ':';
  const auto second = has_both ? std::from_chars(first.ptr + 1, end, offset) : first;
  if (!has_both || second.ec != std::errc{} || second.ptr != end) {
    return failure("read position", EINVAL, std::string(position));
  }
  auto copy = duplicate(directory);
  if (!copy) return std::unexpected(copy.error());
  auto files = open_all(directory, file_name);
  if (!files) return std::unexpected(files.error());
  LogReader reader(std::move(*copy), std::move(file_name));
  for (auto& file : *files) {
    const bool is_there = facts_of(file.fd).st_ino == inode;
    if (is_there || &file == &files->back()) {
      reader.fd_ = std::move(file.fd);
      reader.offset_ = is_there ? offset : 0;
      break;
    }
  }
  return reader;
}

std::string LogReader::position() const {
  if (!fd_) return {};
  return std::to_string(facts_of(fd_).st_ino) + ":" + std::to_string(offset_);
}

Result<std::size_t> LogReader::read(std::string& out, std::size_t most) {
  std::size_t total = 0;
  while (total < most) {
    const auto got = read_here(out, most - total);
    if (!got) return total > 0 ? Result<std::size_t>(total) : got;
    total += *got;
    if (*got > 0) continue;
    auto next = find_successor();
    if (!next) return total > 0 ? Result<std::size_t>(total) : std::unexpected(next.error());
    if (!*next) return total;
    // Our file has a successor, so nothing is added to it any more; what was added before we knew is read now.
    const auto rest = read_here(out, most - total);
    if (!rest) return total > 0 ? Result<std::size_t>(total) : rest;
    total += *rest;
    if (*rest > 0) continue;
    fd_ = std::move(**next);
    offset_ = 0;
  }
  return total;
}

Result<std::size_t> LogReader::read_here(std::string& out, std::size_t most) {
  if (!fd_) return 0;
  const auto size = static_cast<std::uint64_t>(facts_of(fd_).st_size);
  if (size < offset_) offset_ = 0;  // somebody emptied it: what is in it now is new
  const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(size - offset_, most));
  if (step == 0) return 0;
  const auto used = out.size();
  out.resize(used + step);
  const auto got =
      sys::retry_on_eintr([&] { return ::pread(fd_.get(), out.data() + used, step, static_cast<off_t>(offset_)); });
  const int code = errno;
  out.resize(used + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0) return failure("read", code, name_);
  offset_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

Result<std::optional<UniqueFd>> LogReader::find_successor() const {
  if (!fd_) {
    auto files = open_all(directory_, name_);
    if (!files) return std::unexpected(files.error());
    if (files->empty()) return std::nullopt;
    return std::move(files->back().fd);
  }
  const struct stat ours = facts_of(fd_);
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto number = find_number(directory_, name_, ours);
    if (!number) return find_successor_of_lost();
    if (*number == 0) return std::nullopt;
    auto next = UniqueFd();
    unsigned below = *number;
    while (!next && below > 0) {
      next = open_number(directory_, name_, --below);
      if (!next && errno != ENOENT) return failure("open", errno, rotated_name(name_, below));
    }
    // Right only if nothing moved meanwhile: ours is where it was, and nobody came in between.
    bool undisturbed = is_number(directory_, name_, *number, ours);
    for (unsigned between = below + 1; between < *number; ++between) {
      undisturbed = undisturbed && !exists(directory_, name_, between);
    }
    if (undisturbed) return next ? std::optional(std::move(next)) : std::nullopt;
  }
  return std::nullopt;
}

Result<std::optional<UniqueFd>> LogReader::find_successor_of_lost() const {
  auto files = open_all(directory_, name_);
  if (!files) return std::unexpected(files.error());
  // Nothing but time tells what we have read already from what we have not.
  const struct stat ours = facts_of(fd_);
  while (!files->empty()) {
    auto oldest = std::move(files->back());
    files->pop_back();
    const struct stat theirs = facts_of(oldest.fd);
    // The current file is newer whatever the clock says.
    if (oldest.number == 0 || !is_before(theirs.st_mtim, ours.st_mtim)) return std::move(oldest.fd);
  }
  return std::nullopt;
}

Result<std::string> last_lines(BorrowedFd directory, const std::string& file_name, std::uint64_t lines,
                               std::size_t most) {
  auto reader = LogReader::from_last_lines(directory, file_name, lines);
  if (!reader) return std::unexpected(reader.error());
  std::string text;
  for (;;) {
    const auto got = reader->read(text, most);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return text;
    if (text.size() > most) text.erase(0, text.size() - most);
  }
}

}  // namespace foster::logs
