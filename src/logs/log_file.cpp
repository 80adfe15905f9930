#include "logs/log_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <span>
#include <string_view>

#include "logs/log_name.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::logs {
namespace {

constexpr mode_t kOwnFileMode = 0640;
constexpr mode_t kUsersFileMode = 0644;
/// What is sent at once; a pipe that is ready takes as much without blocking.
constexpr std::size_t kChunk = 64 * 1024;
constexpr std::size_t kSmallChunk = PIPE_BUF;

bool takes_bytes(BorrowedFd fd) {
  pollfd room{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  return ::poll(&room, 1, 0) > 0;
}

}  // namespace

LogFile LogFile::standard(int number) {
  LogFile file(Kind::other);
  file.name_ = number == STDERR_FILENO ? "stderr" : "stdout";
  file.standard_ = number;
  return file;
}

LogFile LogFile::nowhere() {
  return LogFile(Kind::nowhere);
}

Result<> LogFile::begin() {
  if (kind_ == Kind::nowhere) return {};
  if (standard_) return fd_ ? Result<>() : open_standard();
  // One look at the name answers it all: whether it is still our file, and where its end is.
  struct stat facts{};
  const int flags = whose_ == Whose::foster ? AT_SYMLINK_NOFOLLOW : 0;
  if (fd_ && ::fstatat(directory_->get(), name_.c_str(), &facts, flags) == 0 && facts.st_ino == inode_ &&
      facts.st_dev == device_) {
    offset_ = static_cast<std::uint64_t>(facts.st_size);
    return {};
  }
  return open();
}

Result<> LogFile::open() {
  fd_.reset();
  auto fd = open_named();
  return fd ? take(std::move(*fd)) : std::unexpected(fd.error());
}

Result<UniqueFd> LogFile::open_named() {
  const bool is_ours = whose_ == Whose::foster;
  const int follow = !is_ours && sys::is_trusted_symlink(*directory_, name_) ? 0 : O_NOFOLLOW;
  struct stat facts{};
  const int look = follow == 0 ? 0 : AT_SYMLINK_NOFOLLOW;
  const bool is_other = !is_ours && ::fstatat(directory_->get(), name_.c_str(), &facts, look) == 0 &&
                        !S_ISREG(facts.st_mode) && !S_ISLNK(facts.st_mode);
  // Nobody is waited for: neither for the reader of a FIFO nor for one that has stopped reading.
  if (is_other) return sys::open_at(*directory_, name_, O_WRONLY | O_NOCTTY | O_NONBLOCK | follow);
  // Read-write, to see whether the last line is complete.
  return sys::open_at(*directory_, name_, O_RDWR | O_CREAT | O_NOCTTY | O_NONBLOCK | follow,
                      is_ours ? kOwnFileMode : kUsersFileMode);
}

// A pipe or a terminal is opened anew: how we wait for it is nobody else's business. With a file the place to write at
// is.
Result<> LogFile::open_standard() {
  struct stat facts{};
  if (::fstat(*standard_, &facts) != 0) return failure("write", errno, name_);
  UniqueFd fd;
  if (!S_ISREG(facts.st_mode) && !S_ISSOCK(facts.st_mode)) {
    const std::string path = "/proc/self/fd/" + std::to_string(*standard_);
    fd = sys::open_file(path, O_WRONLY | O_NOCTTY | O_NONBLOCK).value_or(UniqueFd());
  }
  may_block_ = !fd && !S_ISREG(facts.st_mode);
  if (!fd) fd = UniqueFd(::fcntl(*standard_, F_DUPFD_CLOEXEC, 0));
  if (!fd) return failure("write", errno, name_);
  return take(std::move(fd));
}

Result<> LogFile::take(UniqueFd fd) {
  struct stat facts{};
  if (::fstat(fd.get(), &facts) != 0) return failure("stat", errno, name_);
  const bool is_file = S_ISREG(facts.st_mode) && !standard_;
  kind_ = is_file                   ? Kind::regular
          : S_ISFIFO(facts.st_mode) ? Kind::pipe
          : S_ISSOCK(facts.st_mode) ? Kind::socket
                                    : Kind::other;
  if (!is_file && whose_ == Whose::foster && !standard_) {
    kind_ = Kind::regular;
    return failure("write", EINVAL, name_ + " (it is not a regular file)");
  }
  fd_ = std::move(fd);
  inode_ = facts.st_ino;
  device_ = facts.st_dev;
  offset_ = is_file ? static_cast<std::uint64_t>(facts.st_size) : 0;
  return {};
}

Result<> LogFile::clear() {
  if (kind_ == Kind::nowhere || standard_) return {};
  if (auto begun = begin(); !begun) return begun;
  if (!is_regular()) return {};
  if (::unlinkat(directory_->get(), name_.c_str(), 0) != 0 && errno != ENOENT) return failure("unlink", errno, name_);
  return open();
}

Result<> LogFile::start_new_file() {
  if (auto done = rotate(*directory_, name_, rotation_.keep); !done) return done;
  return open();
}

Result<LineEnd> LogFile::line_end() const {
  if (!is_regular() || offset_ == 0) return LineEnd::complete;
  char last = 0;
  const auto got = sys::retry_on_eintr([&] { return ::pread(fd_.get(), &last, 1, static_cast<off_t>(offset_ - 1)); });
  if (got < 0) return failure("read", errno, name_);
  return got == 1 && last == '\n' ? LineEnd::complete : LineEnd::unfinished;
}

Result<NextStep> LogFile::make_room() {
  // The end of the line matters only for a file that is full.
  auto step = next_step(rotation_, offset_, LineEnd::unfinished);
  if (step.kind == NextStep::Kind::write) return step;
  const auto end = line_end();
  if (!end) return std::unexpected(end.error());
  step = next_step(rotation_, offset_, *end);
  if (step.kind != NextStep::Kind::rotate) return step;
  if (auto done = start_new_file(); !done) return std::unexpected(done.error());
  return next_step(rotation_, offset_, LineEnd::complete);
}

Result<std::size_t> LogFile::take_from(sys::FifoReader& fifo, std::size_t most) {
  // A full file is replaced when there is something to write to the next one.
  if (fifo.available() == 0) return 0;
  if (!is_regular()) return send_from(fifo, most);
  const auto step = make_room();
  if (!step) return std::unexpected(step.error());
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(step->most, most));
  auto taken = step->kind == NextStep::Kind::write ? fifo.splice_to(fd_, offset_, room) : take_line_from(fifo, room);
  if (!taken) return failure(taken.error().step, taken.error().code, name_);
  return taken;
}

Result<std::size_t> LogFile::send_from(sys::FifoReader& fifo, std::size_t most) {
  if (kind_ == Kind::nowhere) return fifo.discard(most);
  if (kind_ == Kind::pipe) {
    const auto moved = fifo.splice_to_pipe(fd_, most);
    if (moved) return moved;
    if (moved.error().code != EINVAL && moved.error().code != ENOSYS)
      return failure("write", moved.error().code, name_);
  }
  std::array<char, kChunk> buffer;
  const auto seen = fifo.peek(std::span(buffer).first(std::min(most, buffer.size())));
  if (!seen) return seen;
  const auto sent = send(std::string_view(buffer.data(), *seen));
  if (!sent) return sent;
  return fifo.discard(*sent);
}

Result<std::size_t> LogFile::send(std::string_view text) {
  if (kind_ == Kind::nowhere) return text.size();
  if (may_block_ && kind_ != Kind::socket) {
    if (!takes_bytes(fd_)) return failure("write", EAGAIN, name_);
    text = text.substr(0, kSmallChunk);
  }
  const auto sent = sys::retry_on_eintr([&] {
    return kind_ == Kind::socket ? ::send(fd_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                 : ::write(fd_.get(), text.data(), text.size());
  });
  if (sent >= 0) return static_cast<std::size_t>(sent);
  const int code = errno;
  if (code != EAGAIN) fd_.reset();  // perhaps the name means something else by now
  return failure("write", code, name_);
}

Result<LogFile::Spot> LogFile::find_spot(std::string_view text) {
  if (!is_regular()) return Spot{.size = std::min(text.size(), kChunk)};
  const auto step = make_room();
  if (!step) return std::unexpected(step.error());
  text = text.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(step->most, text.size())));
  if (step->kind == NextStep::Kind::write_to_line) {
    const auto newline = text.find('\n');
    if (newline != std::string_view::npos) text = text.substr(0, newline + 1);
  }
  return Spot{.device = device_, .inode = inode_, .offset = offset_, .size = text.size()};
}

Result<std::size_t> LogFile::write(const Spot& spot, std::string_view text) {
  text = text.substr(0, spot.size);
  if (!is_regular()) return send(text);
  const auto written = sys::retry_on_eintr(
      [&] { return ::pwrite(fd_.get(), text.data(), text.size(), static_cast<off_t>(spot.offset)); });
  if (written < 0) return failure("write", errno, name_);
  offset_ = spot.offset + static_cast<std::uint64_t>(written);
  return static_cast<std::size_t>(written);
}

std::size_t LogFile::count_written(const Spot& spot, std::string_view text) const {
  if (!is_regular() || spot.inode != inode_ || spot.device != device_ || offset_ <= spot.offset) return 0;
  const std::uint64_t since = offset_ - spot.offset;
  std::string there(static_cast<std::size_t>(std::min<std::uint64_t>(since, text.size())), '\0');
  const auto got = sys::retry_on_eintr(
      [&] { return ::pread(fd_.get(), there.data(), there.size(), static_cast<off_t>(spot.offset)); });
  return got == static_cast<ssize_t>(there.size()) && text.starts_with(there) ? there.size() : 0;
}

Result<> LogFile::write_line(const std::string& line) {
  const auto end = line_end();
  if (!end) return std::unexpected(end.error());
  const std::string text = (*end == LineEnd::complete ? "" : "\n") + line;
  if (!is_regular()) {
    const auto sent = send(text);
    return sent ? Result<>() : std::unexpected(sent.error());
  }
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
  if (!is_regular()) return false;
  const auto oldest = find_oldest(*directory_, name_, rotation_.keep);
  if (!oldest) return false;
  losses.add_files(oldest->size);
  return ::unlinkat(directory_->get(), rotated_name(name_, oldest->number).c_str(), 0) == 0;
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
