#include "supervisor/runtime_guard.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "reaper/wire.hpp"
#include "supervisor/control_socket.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

// Whoever removes a directory removes what is in it first: nothing is gained by making it again in between.
constexpr auto kPatience = 50ms;
constexpr std::uint32_t kRemovals = IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/// Whether the name still means the file that is open.
bool is_file_of(BorrowedFd directory, const char* name, BorrowedFd file) {
  struct stat named{};
  struct stat open{};
  return ::fstatat(directory.get(), name, &named, AT_SYMLINK_NOFOLLOW) == 0 && ::fstat(file.get(), &open) == 0 &&
         named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

bool has_name(BorrowedFd directory, const char* name) {
  return ::faccessat(directory.get(), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Everybody who holds the number has the new file.
Result<> replace(BorrowedFd old, BorrowedFd with) {
  return sys::check_done(::dup3(with.get(), old.get(), O_CLOEXEC), "dup");
}

Result<> restore_directory(const std::string& path, BorrowedFd open) {
  const auto found = sys::prepare_directory(path);
  if (!found) return Failure(found.error());
  return is_file_of(*found, ".", open) ? Result<>() : replace(open, *found);
}

void send(sys::Channel& reaper, reaper::MessageKind kind, BorrowedFd fd) {
  const reaper::Plain message{.header = {reaper::kWireVersion, kind}};
  const BorrowedFd fds[] = {fd};
  (void)reaper.send(bytes_of(message), fds);  // its reader always reads
}

}  // namespace

RuntimeGuard::RuntimeGuard(Tools tools) : tools_(std::move(tools)), soon_(tools_.loop, [this] { look(); }) {}

void RuntimeGuard::start(UniqueFd inherited) {
  inotify_ = std::move(inherited);
  if (!inotify_) {
    inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify_) return;
    // Whoever closes the last descriptor of one waits for a grace period of the kernel, 10 ms and more. That would be a
    // supervisor at its end, and the next one is not started before that.
    send(tools_.channel, reaper::MessageKind::hold_watch, inotify_);
  }
  watch_directories();
  watch_.emplace(tools_.loop, inotify_, [this] { note(); });
}

void RuntimeGuard::watch_directories() {
  const std::filesystem::path path = tools_.directories.runtime;
  // Of a directory that is held open, only the one above it tells the end.
  (void)::inotify_add_watch(inotify_.get(), path.c_str(), kRemovals);
  (void)::inotify_add_watch(inotify_.get(), path.parent_path().c_str(), kRemovals);
}

void RuntimeGuard::note() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (::read(inotify_.get(), events.data(), events.size()) > 0) {
  }
  soon_.arm(core::Instant(sys::monotonic_now() + kPatience));
}

void RuntimeGuard::look() {
  if (auto done = restore(); !done) {
    std::fprintf(stderr, "foster: cannot restore %s: %s\n", tools_.directories.runtime.c_str(),
                 to_string(done.error()).c_str());
  }
  watch_directories();
}

Result<> RuntimeGuard::restore() {
  if (auto done = restore_directory(tools_.directories.runtime, tools_.opened.runtime); !done) return done;
  // The lock first: who has another one has a foster of his own in this place.
  if (auto done = restore_lock(); !done) return done;
  if (auto done = restore_directory(tools_.directories.fifos(), tools_.opened.fifos); !done) return done;
  if (auto done = restore_ledger(); !done) return done;
  if (!has_name(tools_.opened.runtime, sys::kAppliedConfig)) {
    if (auto done = tools_.store_definitions(); !done) return done;
  }
  return restore_socket();
}

Result<> RuntimeGuard::restore_lock() {
  if (!tools_.lock || is_file_of(tools_.opened.runtime, sys::kLockFile, tools_.lock)) return {};
  const auto taken = sys::take_lock(tools_.directories.lock());
  if (!taken) return Failure(taken.error());
  if (auto done = replace(tools_.lock, *taken); !done) return done;
  send(tools_.channel, reaper::MessageKind::lock, tools_.lock);
  return {};
}

Result<> RuntimeGuard::restore_ledger() {
  if (is_file_of(tools_.opened.runtime, sys::kLedgerFile, tools_.ledger.file())) return {};
  if (auto done = tools_.ledger.move_to(tools_.opened.runtime); !done) return done;
  send(tools_.channel, reaper::MessageKind::ledger, tools_.ledger.file());
  return {};
}

Result<> RuntimeGuard::restore_socket() {
  if (has_name(tools_.opened.runtime, sys::kControlSocket)) return {};
  auto socket = take_control_socket(tools_.opened.runtime, UniqueFd(), tools_.channel, tools_.listeners);
  if (!socket) return Failure(socket.error());
  tools_.listen(std::move(*socket));
  return {};
}

}  // namespace foster::supervisor
