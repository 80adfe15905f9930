#include "sys/fifo.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "sys/check.hpp"
#include "sys/facilities.hpp"

namespace foster::sys {
namespace {

/// As much as one copy moves, and as much as a pipe of default size takes.
constexpr std::size_t kCopyChunk = 64 * 1024;

Result<UniqueFd> open_fifo(BorrowedFd directory, const std::string& name, int flags) {
  // Non-blocking while it is not known to be a FIFO: a device might keep us waiting.
  UniqueFd fd(retry_on_eintr(
      [&] { return ::openat(directory.get(), name.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC); }));
  if (!fd) {
    // ENXIO is a socket, EISDIR a directory, ELOOP a symlink.
    const bool other = errno == ENXIO || errno == EISDIR || errno == ELOOP;
    return other ? failure("refuse to use", EPERM, name + " (it is not a FIFO)") : failure("open", errno, name);
  }
  struct stat facts{};
  if (::fstat(fd.get(), &facts) != 0) return failure("stat", errno, name);
  if (!S_ISFIFO(facts.st_mode)) return failure("refuse to use", EPERM, name + " (it is not a FIFO)");
  if (facts.st_uid != ::geteuid()) {
    return failure("refuse to use", EPERM, name + " (it belongs to uid " + std::to_string(facts.st_uid) + ")");
  }
  if ((flags & O_NONBLOCK) == 0 && ::fcntl(fd.get(), F_SETFL, O_RDWR) != 0) return failure("fcntl", errno, name);
  return fd;
}

/// The limit for unprivileged users is on all of their pipes together, so less may still be had.
void widen(const UniqueFd& fifo) {
  const int now = ::fcntl(fifo.get(), F_GETPIPE_SZ);
  for (int size = kFifoCapacity; size > now && size >= 4096; size /= 2) {
    if (::fcntl(fifo.get(), F_SETPIPE_SZ, size) >= 0) return;
  }
}

}  // namespace

Result<> create_fifo(BorrowedFd directory, const std::string& name, FifoAccess access) {
  if (::mkfifoat(directory.get(), name.c_str(), 0600) == 0) {
    // The umask may have left us no right to open what we made.
    if (::fchmodat(directory.get(), name.c_str(), 0600, 0) != 0) return failure("chmod", errno, name);
  } else if (errno != EEXIST) {
    return failure("mkfifo", errno, name);
  }
  const auto fifo = open_fifo(directory, name, O_NONBLOCK);
  if (!fifo) return std::unexpected(fifo.error());
  return check_done(::fchmod(fifo->get(), access == FifoAccess::owner ? 0600 : 0622), "chmod", name);
}

Result<UniqueFd> open_fifo_for_service(BorrowedFd directory, const std::string& name) {
  auto fifo = open_fifo(directory, name, 0);
  if (fifo) widen(*fifo);
  return fifo;
}

Result<FifoReader> FifoReader::open(BorrowedFd directory, const std::string& name) {
  auto fifo = open_fifo(directory, name, O_NONBLOCK);
  if (!fifo) return std::unexpected(fifo.error());
  return FifoReader(std::move(*fifo));
}

Result<FifoReader> FifoReader::open_removed(Pid writer, const std::string& path) {
  const std::string expected = path + " (deleted)";
  for (const char* number : {"1", "2"}) {
    const std::string link = "/proc/" + std::to_string(writer.number()) + "/fd/" + number;
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    if (size < 0 || std::string_view(target.data(), static_cast<std::size_t>(size)) != expected) continue;
    UniqueFd fd(retry_on_eintr([&] { return ::open(link.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC); }));
    struct stat facts{};
    if (fd && ::fstat(fd.get(), &facts) == 0 && S_ISFIFO(facts.st_mode)) return FifoReader(std::move(fd));
  }
  return failure("open", ENOENT, path);
}

bool FifoReader::has_name(BorrowedFd directory, const std::string& name) const noexcept {
  struct stat named{};
  struct stat open{};
  return ::fstatat(directory.get(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 && ::fstat(fd_.get(), &open) == 0 &&
         named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

Result<std::size_t> FifoReader::splice_to(BorrowedFd file, std::uint64_t& offset, std::size_t most) {
  if (most == 0) return 0;
  if (means_ == Means::splice && facility_allowed(Facility::splice)) {
    auto position = static_cast<off64_t>(offset);
    const auto moved = retry_on_eintr(
        [&] { return ::splice(fd_.get(), nullptr, file.get(), &position, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); });
    if (moved >= 0) {
      offset += static_cast<std::uint64_t>(moved);
      return static_cast<std::size_t>(moved);
    }
    if (errno == EAGAIN) return 0;
    // EINVAL: this file cannot. ENOSYS and EPERM: nobody here may.
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return failure("splice", errno);
    means_ = Means::copy;
  }
  return copy_to(file, offset, most);
}

Result<std::size_t> FifoReader::splice_to_pipe(BorrowedFd pipe, std::size_t most) {
  if (!facility_allowed(Facility::splice)) return failure("splice", ENOSYS);
  const auto moved = retry_on_eintr(
      [&] { return ::splice(fd_.get(), nullptr, pipe.get(), nullptr, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); });
  if (moved < 0) return failure("splice", errno);
  return static_cast<std::size_t>(moved);
}

Result<std::size_t> FifoReader::copy_to(BorrowedFd file, std::uint64_t& offset, std::size_t most) {
  std::array<char, kCopyChunk> buffer;
  const auto seen = peek(std::span(buffer).first(std::min(most, buffer.size())));
  if (!seen || *seen == 0) return seen;
  const auto written =
      retry_on_eintr([&] { return ::pwrite(file.get(), buffer.data(), *seen, static_cast<off_t>(offset)); });
  if (written < 0) return failure("write", errno);
  offset += static_cast<std::uint64_t>(written);
  // Consume what is in the file now. It is there: we are the only reader.
  for (auto left = static_cast<std::size_t>(written); left > 0;) {
    const auto got = retry_on_eintr([&] { return ::read(fd_.get(), buffer.data(), left); });
    if (got <= 0) return failure("read", got == 0 ? EIO : errno, "fifo");
    left -= static_cast<std::size_t>(got);
  }
  return static_cast<std::size_t>(written);
}

Result<std::size_t> FifoReader::peek(std::span<char> buffer) const {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return failure("pipe", errno);
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  const auto seen = retry_on_eintr([&] { return ::tee(fd_.get(), in.get(), buffer.size(), SPLICE_F_NONBLOCK); });
  if (seen < 0) return errno == EAGAIN ? Result<std::size_t>(0) : failure("tee", errno);
  std::size_t used = 0;
  while (used < static_cast<std::size_t>(seen)) {
    const auto got = retry_on_eintr([&] { return ::read(out.get(), buffer.data() + used, buffer.size() - used); });
    if (got <= 0) return failure("read", got == 0 ? EIO : errno, "pipe");
    used += static_cast<std::size_t>(got);
  }
  return used;
}

std::size_t FifoReader::available() const noexcept {
  int bytes = 0;
  return ::ioctl(fd_.get(), FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::size_t FifoReader::excess() const noexcept {
  const std::size_t waiting = available();
  const int capacity = ::fcntl(fd_.get(), F_GETPIPE_SZ);
  const std::size_t half = static_cast<std::size_t>(std::max(capacity, 0)) / 2;
  if (waiting > half) return waiting - half;
  pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) != 0) return 0;
  return std::max(waiting / 4, std::min<std::size_t>(waiting, PIPE_BUF));
}

Result<std::size_t> FifoReader::discard(std::size_t most) {
  std::array<char, kCopyChunk> buffer;
  std::size_t gone = 0;
  while (gone < most) {
    const auto got =
        retry_on_eintr([&] { return ::read(fd_.get(), buffer.data(), std::min(most - gone, buffer.size())); });
    if (got < 0 && errno != EAGAIN) return failure("read", errno, "fifo");
    if (got <= 0) break;
    gone += static_cast<std::size_t>(got);
  }
  return gone;
}

}  // namespace foster::sys
