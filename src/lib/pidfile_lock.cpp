#include "lib/pidfile_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <limits>
#include <string_view>
#include <thread>

#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/procfs.hpp"

namespace foster {
namespace {

using sys::check_done;
using sys::retry_on_eintr;

constexpr off_t kLastByte = std::numeric_limits<off_t>::max() - 1;

/// However long the content gets.
struct flock all_but_the_last_byte() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = kLastByte;
  return lock;
}

struct flock the_last_byte() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kLastByte;
  lock.l_len = 1;
  return lock;
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

bool is_same_file(const struct stat& one, const struct stat& other) noexcept {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// False also where we may not look.
bool is_open_in(Pid process, BorrowedFd file) {
  struct stat wanted{};
  if (::fstat(file.get(), &wanted) != 0) return false;
  const std::string directory = "/proc/" + std::to_string(process.number()) + "/fd";
  for (sys::PidDirectory numbers(directory.c_str()); const auto number = numbers.next();) {
    struct stat found{};
    const std::string entry = directory + "/" + std::to_string(number->number());
    if (::stat(entry.c_str(), &found) == 0 && is_same_file(found, wanted)) return true;
  }
  return false;
}

}  // namespace

Result<LockAttempt> try_lock(BorrowedFd file, const std::string& path) {
  struct flock lock = all_but_the_last_byte();
  if (retry_on_eintr([&] { return ::fcntl(file.get(), F_OFD_SETLK, &lock); }) == 0) return LockAttempt::locked;
  const int code = errno;
  if (code == EAGAIN || code == EACCES) return LockAttempt::held_by_another;
  return failure("lock pidfile", code, path);
}

Result<> sign(BorrowedFd file, const std::string& path) {
  struct flock lock = the_last_byte();
  return check_done(retry_on_eintr([&] { return ::fcntl(file.get(), F_SETLK, &lock); }), "lock pidfile", path);
}

Result<PidfileHold> look_at_hold(BorrowedFd file, const std::string& path) {
  struct flock lock = all_but_the_last_byte();
  if (auto asked = check_done(::fcntl(file.get(), F_OFD_GETLK, &lock), "ask for lock", path); !asked) {
    return Failure(asked.error());
  }
  if (lock.l_type == F_UNLCK) return PidfileHold{};
  // A record lock of a program that locks in its own way; of an open file description lock the kernel says -1.
  if (lock.l_pid > 0) return PidfileHold{true, Pid(lock.l_pid)};
  struct flock signature = the_last_byte();
  if (auto asked = check_done(::fcntl(file.get(), F_OFD_GETLK, &signature), "ask for lock", path); !asked) {
    return Failure(asked.error());
  }
  if (signature.l_type != F_UNLCK && signature.l_pid > 0) return PidfileHold{true, Pid(signature.l_pid)};
  // A process that opens its own pidfile once more loses the signature when it closes it: record locks are like that.
  const auto number = read_pid(file);
  if (number && is_open_in(*number, file)) return PidfileHold{true, number};
  return PidfileHold{true, std::nullopt};
}

bool is_still_at(const std::string& path, BorrowedFd file) noexcept {
  struct stat here{};
  struct stat there{};
  return ::fstat(file.get(), &here) == 0 && ::lstat(path.c_str(), &there) == 0 && is_same_file(here, there);
}

void remove_stale_pidfile(const std::string& path) {
  const auto deadline = sys::monotonic_now() + kSettle;
  do {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return;
    const auto attempt = try_lock(file, path);
    if (!attempt) return;
    if (*attempt == LockAttempt::locked) {
      // Unsigned: whoever looks now waits for the moment that this takes.
      if (is_still_at(path, file)) (void)::unlink(path.c_str());
      return;
    }
    if (const auto hold = look_at_hold(file, path); !hold || hold->owner) return;
    std::this_thread::sleep_for(kSettlePause);
  } while (sys::monotonic_now() < deadline);
}

}  // namespace foster
