#include "logs/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string_view>

#include "logs/log_name.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::logs {
namespace {

constexpr mode_t kFileMode = 0640;

}  // namespace

Result<> LogFile::begin() {
  // One look at the name answers it all: whether it is still our file, and where its end is.
  struct stat facts{};
  if (fd_ && ::fstatat(directory_.get(), name_.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && facts.st_ino == inode_ &&
      facts.st_dev == device_) {
    offset_ = static_cast<std::uint64_t>(facts.st_size);
    return {};
  }
  return open();
}

Result<> LogFile::open() {
  fd_.reset();
  // Read-write, to see whether the last line is complete. Non-blocking, should it be a FIFO.
  auto fd = sys::open_at(directory_, name_, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, kFileMode);
  if (!fd) return std::unexpected(fd.error());
  struct stat facts{};
  if (::fstat(fd->get(), &facts) != 0) return failure("stat", errno, name_);
  if (!S_ISREG(facts.st_mode)) return failure("write", EINVAL, name_ + " (it is not a regular file)");
  fd_ = std::move(*fd);
  inode_ = facts.st_ino;
  device_ = facts.st_dev;
  offset_ = static_cast<std::uint64_t>(facts.st_size);
  return {};
}

Result<> LogFile::start_new_file() {
  if (auto done = rotate(directory_, name_, rotation_.keep); !done) return done;
  return open();
}

Result<LineEnd> LogFile::line_end() const {
  if (offset_ == 0) return LineEnd::complete;
  char last = 0;
  const auto got = sys::retry_on_eintr([&] { return ::pread(fd_.get(), &last, 1, static_cast<off_t>(offset_ - 1)); });
  if (got < 0) return failure("read", errno, name_);
  return got == 1 && last == '\n' ? LineEnd::complete : LineEnd::unfinished;
}

Result<std::size_t> LogFile::take_from(sys::FifoReader& fifo, std::size_t most) {
  // The end of the line matters only for a file that is full.
  auto step = next_step(rotation_, offset_, LineEnd::unfinished);
  if (step.kind != NextStep::Kind::write) {
    // A full file is replaced when there is something to write to the next one.
    if (fifo.available() == 0) return 0;
    const auto end = line_end();
    if (!end) return std::unexpected(end.error());
    step = next_step(rotation_, offset_, *end);
    if (step.kind == NextStep::Kind::rotate) {
      if (auto done = start_new_file(); !done) return std::unexpected(done.error());
      step = next_step(rotation_, offset_, LineEnd::complete);
    }
  }
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(step.most, most));
  auto taken = step.kind == NextStep::Kind::write ? fifo.splice_to(fd_, offset_, room) : take_line_from(fifo, room);
  if (!taken) return failure(taken.error().step, taken.error().code, name_);
  return taken;
}

Result<> LogFile::write_line(const std::string& line) {
  const auto end = line_end();
  if (!end) return std::unexpected(end.error());
  const std::string text = (*end == LineEnd::complete ? "" : "\n") + line;
  const auto at = static_cast<off_t>(offset_);
  const auto written = sys::retry_on_eintr([&] { return ::pwrite(fd_.get(), text.data(), text.size(), at); });
  if (written == static_cast<ssize_t>(text.size())) {
    offset_ += text.size();
    return {};
  }
  const int code = written < 0 ? errno : ENOSPC;
  if (written > 0) (void)::ftruncate(fd_.get(), at);  // what stays is half a line
  return failure("write", code, name_);
}

bool LogFile::remove_oldest(Losses& losses) {
  const auto oldest = find_oldest(directory_, name_, rotation_.keep);
  if (!oldest) return false;
  losses.add_files(oldest->size);
  return ::unlinkat(directory_.get(), rotated_name(name_, oldest->number).c_str(), 0) == 0;
}

Result<std::size_t> LogFile::take_line_from(sys::FifoReader& fifo, std::size_t most) {
  std::array<char, 16 * 1024> ahead;
  const auto seen = fifo.peek(std::span(ahead).first(std::min(most, ahead.size())));
  if (!seen) return seen;
  const auto text = std::string_view(ahead.data(), *seen);
  const auto newline = text.find('\n');
  return fifo.splice_to(fd_, offset_, newline == std::string_view::npos ? text.size() : newline + 1);
}

}  // namespace foster::logs
