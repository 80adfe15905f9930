#include "reaper/pid1.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <foster/exit_status.hpp>

#include "reaper/foreground.hpp"
#include "reaper/forwarded_signals.hpp"
#include "reaper/launch.hpp"
#include "reaper/leftovers.hpp"
#include "sys/resolve_program.hpp"
#include "sys/signals.hpp"

namespace foster::reaper {
namespace {

class Init {
 public:
  Init(const InitOptions& options, std::optional<Foreground> foreground) noexcept
      : options_(options), foreground_(foreground) {}

  /// @return 0, or the errno value of what went wrong.
  int start(const std::string& program, const std::vector<std::string>& argv, const sys::SignalSet& mask) {
    std::vector<char*> pointers;
    for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    LaunchPlan plan;
    plan.program = program.c_str();
    plan.argv = pointers.data();
    plan.environment = ::environ;
    plan.signals = LaunchPlan::Signals::as_found;
    plan.mask = mask.native();
    plan.own_group = true;
    if (foreground_) plan.foreground_terminal = foreground_->terminal();
    const Launched launched = launch(plan);
    command_ = launched.pid;
    return launched.error;
  }

  int run(const sys::SignalSet& watched) noexcept {
    std::optional<int> end;
    while (!end) {
      const int signal = ::sigwaitinfo(&watched.native(), nullptr);
      if (signal == SIGCHLD) {
        end = reap();
      } else if (signal > 0) {
        pass_on(signal);
      }
    }
    if (foreground_) foreground_->take_back();
    if (options_.survivors == Survivors::end && ::getpid() != 1) {
      (void)end_leftovers(Scope::children, options_.patience);  // who survives SIGKILL is the kernel's
    }
    return as_exit_code(exit_status_from_wait(*end));
  }

 private:
  bool is_job() const noexcept { return foreground_.has_value() && ::getpid() != 1; }

  /// One system call a zombie. @return The command's wait status, once it has ended.
  std::optional<int> reap() noexcept {
    std::optional<int> end;
    const int options = WNOHANG | __WALL | (is_job() ? WUNTRACED : 0);
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, options);
      if (pid == 0 || (pid < 0 && errno != EINTR)) return end;
      if (pid != command_) continue;
      if (WIFSTOPPED(status)) {
        stop_with_command();
      } else {
        end = status;
      }
    }
  }

  /// Without a group the command has left it for another, and is signalled alone.
  void pass_on(int signal) const noexcept {
    if (options_.forward_to == ForwardTo::group && ::kill(-command_, signal) == 0) return;
    (void)::kill(command_, signal);  // our own zombie at worst
  }

  /// Ctrl-Z reached the command's group only. The shell that waits for us must see its job stop, and continues it.
  void stop_with_command() const noexcept {
    foreground_->take_back();
    (void)::raise(SIGSTOP);
    foreground_->give_to(command_);
    (void)::kill(-command_, SIGCONT);
  }

  const InitOptions options_;
  const std::optional<Foreground> foreground_;
  pid_t command_ = 0;
};

InitOutcome not_started(Error error) {
  constexpr int kNotFound = 127;
  constexpr int kNotExecutable = 126;
  const bool not_found = error.code == ENOENT || error.code == ENOTDIR;
  return {not_found ? kNotFound : kNotExecutable, std::move(error)};
}

}  // namespace

InitOutcome run_command_as_init(const std::vector<std::string>& argv, const InitOptions& options) {
  assert(!argv.empty());
  const char* const path = std::getenv("PATH");
  const auto program = sys::resolve_program(argv.front(), path == nullptr ? "" : path);
  if (!program) return not_started(program.error());

  const sys::SignalSet found = sys::blocked_signals();
  const sys::SignalSet watched = watched_signals();
  sys::block_signals(watched);
  Init init(options, Foreground::find());
  restore_child_signal(0);
  if (::getpid() != 1) (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);  // cannot fail with these arguments
  if (const int error = init.start(*program, argv, found); error != 0) return not_started({"exec", error, *program});
  return {init.run(watched), std::nullopt};
}

}  // namespace foster::reaper
