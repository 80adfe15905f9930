#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <foster/pidfile.hpp>
#include "sys/check.hpp"
#include "sys/clock.hpp"

namespace foster {
namespace {

using sys::check;
using sys::check_done;
using sys::retry_on_eintr;

/// The whole file, however long it gets.
struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

enum class Attempt { locked, held_by_another };

Result<Attempt> try_lock(BorrowedFd file, const std::string& path) {
  struct flock lock = whole_file(F_WRLCK);
  if (retry_on_eintr([&] { return ::fcntl(file.get(), F_OFD_SETLK, &lock); }) == 0) return Attempt::locked;
  const int code = errno;
  if (code == EAGAIN || code == EACCES) return Attempt::held_by_another;
  return failure("lock pidfile", code, path);
}

/// Empty for anything but one number on one line.
std::optional<Pid> read_pid(BorrowedFd file) {
  char text[32];
  const auto size = retry_on_eintr([&] { return ::pread(file.get(), text, sizeof text, 0); });
  if (size <= 0) return std::nullopt;
  std::string_view line(text, static_cast<std::size_t>(size));
  if (line.ends_with('\n')) line.remove_suffix(1);
  pid_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc{} || end != line.data() + line.size() || number <= 0) return std::nullopt;
  return Pid(number);
}

/// The path may name another file by now, or none: its last holder removes it before letting go.
bool is_still_at(const std::string& path, BorrowedFd file) noexcept {
  struct stat here{};
  struct stat there{};
  return ::fstat(file.get(), &here) == 0 && ::lstat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

Result<UniqueFd> open_file(const std::string& path) {
  // O_NONBLOCK: a FIFO in its place must not hold us up.
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  auto number = check(retry_on_eintr([&] { return ::open(path.c_str(), kFlags, 0644); }), "open pidfile", path);
  if (!number) return Failure(number.error());
  UniqueFd file(*number);
  struct stat info{};
  if (auto known = check_done(::fstat(file.get(), &info), "open pidfile", path); !known) return Failure(known.error());
  if (!S_ISREG(info.st_mode)) return failure("open pidfile", EINVAL, path + " is no regular file");
  return file;
}

Result<> write_pid(BorrowedFd file, Pid pid, const std::string& path) {
  const std::string line = std::to_string(pid.number()) + "\n";
  if (auto emptied = check_done(::ftruncate(file.get(), 0), "write pidfile", path); !emptied) return emptied;
  const auto written = retry_on_eintr([&] { return ::pwrite(file.get(), line.data(), line.size(), 0); });
  if (auto done = check_done(written, "write pidfile", path); !done) return done;
  // A short write of a few bytes means that the disk has just become full.
  if (static_cast<std::size_t>(written) != line.size()) return failure("write pidfile", ENOSPC, path);
  return {};
}

Failure still_held(BorrowedFd file, const std::string& path) {
  const auto holder = read_pid(file);
  return failure("pidfile", EWOULDBLOCK,
                 path + (holder ? " is held by process " + std::to_string(holder->number()) : " is held"));
}

/// Removes the file if it is still ours to remove, or at least the number in it.
void clear(const std::string& path, BorrowedFd file) noexcept {
  if (!is_still_at(path, file) || ::unlink(path.c_str()) == 0) return;
  (void)::ftruncate(file.get(), 0);  // the lock is about to go; a stale number harms only whoever ignores locks
}

}  // namespace

Pidfile::Pidfile(std::filesystem::path path, UniqueFd fd, Pid owner) noexcept
    : path_(std::move(path)), fd_(std::move(fd)), owner_(owner) {}

Pidfile::Pidfile(Pidfile&& other) noexcept = default;

Pidfile& Pidfile::operator=(Pidfile&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::move(other.path_);
    fd_ = std::move(other.fd_);
    owner_ = other.owner_;
  }
  return *this;
}

Pidfile::~Pidfile() {
  remove();
}

void Pidfile::remove() noexcept {
  if (fd_ && ::getpid() == owner_.number()) clear(path_.native(), fd_);
  fd_.reset();
}

Result<Pidfile> take_pidfile(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  const std::string& name = path.native();
  if (!path.is_absolute()) return failure("pidfile", EINVAL, name + " is not absolute");
  const auto deadline = sys::monotonic_now() + patience;
  for (;;) {
    // Opened anew each time: what was waited for may have been removed.
    auto file = open_file(name);
    if (!file) return Failure(file.error());
    const auto attempt = try_lock(*file, name);
    if (!attempt) return Failure(attempt.error());
    if (*attempt == Attempt::locked) {
      if (!is_still_at(name, *file)) continue;
      const Pid owner(::getpid());
      if (auto written = write_pid(*file, owner, name); !written) {
        clear(name, *file);
        return Failure(written.error());
      }
      return Pidfile(path, std::move(*file), owner);
    }
    // A lock has no time limit of its own, and an alarm would belong to the whole program.
    const std::chrono::nanoseconds left = deadline - sys::monotonic_now();
    if (left <= std::chrono::nanoseconds::zero()) return still_held(*file, name);
    constexpr std::chrono::nanoseconds kPause = std::chrono::milliseconds(5);
    std::this_thread::sleep_for(std::min(left, kPause));
  }
}

Result<std::optional<Pid>> pidfile_holder(const std::filesystem::path& path) {
  const std::string& name = path.native();
  auto number =
      check(retry_on_eintr([&] { return ::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); }),
            "open pidfile", name);
  if (!number) {
    if (number.error().code == ENOENT) return std::optional<Pid>();
    return Failure(number.error());
  }
  const UniqueFd file(*number);
  struct flock lock = whole_file(F_WRLCK);
  if (auto asked = check_done(::fcntl(file.get(), F_OFD_GETLK, &lock), "ask for lock", name); !asked) {
    return Failure(asked.error());
  }
  if (lock.l_type == F_UNLCK) return std::optional<Pid>();
  // Of a record lock the kernel knows the owner; of ours it says -1.
  if (lock.l_pid > 0) return std::optional(Pid(lock.l_pid));
  const auto pid = read_pid(file);
  if (!pid) return failure("read pidfile", EBADMSG, name);
  return pid;
}

}  // namespace foster
