#include "lib/daemon_steps.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <variant>
#include <vector>

#include "lib/daemon_pidfile_guard.hpp"
#include "sys/check.hpp"
#include "sys/close_fds.hpp"
#include "sys/signals.hpp"

namespace foster {
namespace {

using sys::check;
using sys::check_done;
using sys::retry_on_eintr;

void reset_signals() noexcept {
  for (int number = 1; number <= SIGRTMAX; ++number) {
    (void)::signal(number, SIG_DFL);  // refused for SIGKILL, SIGSTOP and glibc's own, which are at their default
  }
  sys::set_blocked_signals({});
}

/// No `O_CLOEXEC` in the end: what a stream is for is to be inherited.
Result<> put_in_place(UniqueFd file, int stream, const std::string& path) {
  if (file.get() == stream) {
    const int number = file.release();
    return check_done(::fcntl(number, F_SETFD, 0), "redirect", path);
  }
  return check_done(retry_on_eintr([&] { return ::dup2(file.get(), stream); }), "redirect", path);
}

Result<> redirect(const StreamTarget& target, int stream) {
  if (std::holds_alternative<KeepStream>(target)) return {};
  const auto* file = std::get_if<FileStream>(&target);
  const std::string path = file == nullptr ? "/dev/null" : file->path.native();
  int flags = O_RDWR;
  if (file != nullptr) flags = stream == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_APPEND | O_CREAT;
  // O_NOCTTY: a terminal opened here must not become the daemon's own.
  auto number =
      check(retry_on_eintr([&] { return ::open(path.c_str(), flags | O_NOCTTY | O_CLOEXEC, 0666); }), "open", path);
  if (!number) return Failure(number.error());
  return put_in_place(UniqueFd(*number), stream, path);
}

Result<> redirect_streams(const DaemonizeOptions& options) {
  const std::array targets{&options.standard_input, &options.standard_output, &options.standard_error};
  for (int stream = 0; stream <= STDERR_FILENO; ++stream) {
    if (auto done = redirect(*targets[static_cast<std::size_t>(stream)], stream); !done) return done;
  }
  return {};
}

Result<> close_descriptors(const DaemonizeOptions& options, std::optional<BorrowedFd> launcher) {
  std::vector<int> kept = options.keep_descriptors;
  if (launcher) kept.push_back(launcher->get());
  std::ranges::sort(kept);
  constexpr int kFirst = STDERR_FILENO + 1;
  const int error = sys::close_fds_from(kFirst, kept.data(), kept.size(), sys::preferred_close_by());
  if (error != 0) return failure("close descriptors", error);
  return {};
}

}  // namespace

Result<std::optional<Pidfile>> take_daemon_steps(const DaemonizeOptions& options,
                                                 const std::optional<sys::Credentials>& credentials,
                                                 std::optional<BorrowedFd> launcher) {
  if (options.reset_signals) reset_signals();
  if (options.directory) {
    const std::string& path = options.directory->native();
    if (auto entered = check_done(::chdir(path.c_str()), "chdir", path); !entered) return Failure(entered.error());
  }
  if (options.umask) (void)::umask(*options.umask);
  if (auto done = redirect_streams(options); !done) return Failure(done.error());
  if (options.close_descriptors) {
    if (auto done = close_descriptors(options, launcher); !done) return Failure(done.error());
  }
  std::optional<Pidfile> pidfile;
  if (options.pidfile) {
    auto taken = take_pidfile(*options.pidfile);
    if (!taken) return Failure(taken.error());
    pidfile.emplace(std::move(*taken));
    if (options.pidfile_removal == PidfileRemoval::after_any_end) {
      if (auto started = start_pidfile_guard(*pidfile); !started) return Failure(started.error());
    }
  }
  if (credentials) {
    if (auto done = become(*credentials); !done) return Failure(done.error());
  }
  return pidfile;
}

}  // namespace foster
