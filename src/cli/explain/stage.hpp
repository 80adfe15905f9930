// The processes of a demonstration, by the parts they play. They live below a guard, a subreaper that kills all of them
// when this process ends, however it ends.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/child.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>

#include "cli/explain/puppet.hpp"
#include "cli/interruption.hpp"
#include "sys/channel.hpp"
#include "sys/pidfd.hpp"

namespace foster::cli {

/// The first deed that fails, or a request to end, makes all later ones do nothing: a play is written without looking
/// at each, and whoever plays asks `problem()` in between.
class Stage {
 public:
  explicit Stage(Interruption& interruption) : interruption_(interruption) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() { clear(); }

  /// The first one, in a session of its own, below the guard.
  void enter(const std::string& role);
  /// A puppet forks another.
  void fork(std::string_view parent, const std::string& child);
  /// A deed of cli/explain/puppet.hpp. The number of the answer; 0 after a problem.
  long tell(std::string_view role, const std::string& deed);
  /// The same where a failure is what is to be shown.
  [[nodiscard]] Result<long> attempt(std::string_view role, const std::string& deed);
  /// It exits, and is gone or a zombie when this returns.
  void exit(std::string_view role, int code = 0);
  void signal(std::string_view role, int number);

  /// A terminal for a puppet, by its path; what is typed into it; and that its window is closed.
  [[nodiscard]] std::string open_terminal();
  void type(std::string_view text) const;
  void close_terminal() { terminal_.reset(); }

  enum class Patience : bool { limited, endless };
  /// Waits; a problem when it does not come true in time.
  void wait_until(const std::function<bool()>& condition, std::string_view what, Patience patience = Patience::limited);

  /// Of a part that has been played: the pid stays known after its end.
  [[nodiscard]] Pid pid_of(std::string_view role) const;
  /// Whether a process with its pid is still the same one.
  [[nodiscard]] bool was_started_at(std::string_view role, std::uint64_t ticks) const;
  [[nodiscard]] bool is_alive(std::string_view role) const;
  /// Those who have been on the stage, first to last.
  [[nodiscard]] const std::vector<std::string>& roles() const noexcept { return roles_; }
  [[nodiscard]] std::optional<Pid> guard() const noexcept { return guard_; }

  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }
  [[nodiscard]] std::optional<Signal> interrupted_by() const noexcept { return interrupted_by_; }
  /// Whether to go on at all; notices a request to end.
  [[nodiscard]] bool is_going_on();

  /// Ends everybody.
  /// @blocks Until they are gone.
  void clear();

 private:
  struct Part {
    int number = 0;
    sys::ProcessHandle handle;
    std::uint64_t start_ticks = 0;
  };

  void fail(Error error);
  void add(const std::string& role, int number, Pid pid);
  [[nodiscard]] const Part* find(std::string_view role) const;
  [[nodiscard]] Result<long> ask(int part, const std::string& deed);

  Interruption& interruption_;
  std::vector<sys::Channel> channels_;
  std::optional<Child> first_;
  std::optional<Pid> guard_;
  std::map<std::string, Part, std::less<>> parts_;
  std::vector<std::string> roles_;
  UniqueFd terminal_;
  std::optional<Error> problem_;
  std::optional<Signal> interrupted_by_;
};

}  // namespace foster::cli
