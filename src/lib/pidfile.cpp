#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include <foster/pidfile.hpp>
#include "lib/pidfile_lock.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"

namespace foster {
namespace {

using sys::check;
using sys::check_done;
using sys::retry_on_eintr;

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

Failure still_held(const std::string& path, std::optional<Pid> owner) {
  return failure("pidfile", EWOULDBLOCK,
                 path + (owner ? " is held by process " + std::to_string(owner->number()) : " is held"));
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
  const auto now = sys::monotonic_now();
  const auto deadline = now + patience;
  const auto settled = now + std::max<std::chrono::nanoseconds>(patience, kSettle);
  for (;;) {
    // Opened anew each time: what was waited for may have been removed.
    auto file = open_file(name);
    if (!file) return Failure(file.error());
    const auto attempt = try_lock(*file, name);
    if (!attempt) return Failure(attempt.error());
    if (*attempt == LockAttempt::locked) {
      if (!is_still_at(name, *file)) continue;
      const Pid owner(::getpid());
      auto written = sign(*file, name);
      if (written) written = write_pid(*file, owner, name);
      if (!written) {
        clear(name, *file);
        return Failure(written.error());
      }
      return Pidfile(path, std::move(*file), owner);
    }
    const auto hold = look_at_hold(*file, name);
    if (!hold) return Failure(hold.error());
    // A lock has no time limit of its own, and an alarm would belong to the whole program.
    const std::chrono::nanoseconds left = (hold->owner ? deadline : settled) - sys::monotonic_now();
    if (left <= std::chrono::nanoseconds::zero()) return still_held(name, hold->owner);
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, kSettlePause));
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
  const auto hold = look_at_hold(file, name);
  if (!hold) return Failure(hold.error());
  if (hold->is_held && !hold->owner) return failure("pidfile", EBADMSG, name + " is held, but not by its owner");
  return hold->owner;
}

}  // namespace foster
