// What will happen to a process when its parent dies, its terminal closes, Ctrl-C is pressed, its user logs out. Pure:
// everything it needs to know is told.
//
// The kernel's rules behind it:
//   - A terminal that hangs up sends SIGHUP (and SIGCONT) to the leader of its session alone.
//   - A leader that ends takes the terminal from the whole session, and SIGHUP and SIGCONT go to the group that was in
//     the foreground.
//   - A group of which nobody has a parent in another group of the session is orphaned. When it becomes so and a member
//     is stopped, all members get SIGHUP and SIGCONT: nobody would be left to let them go on.
//   - Ctrl-C is SIGINT to the foreground group, if the terminal makes signals of it at all.
//   - When process 1 of a pid namespace ends, all others in it are killed. It gets no signal that it has not asked for.
//   - Everything else goes on when its parent ends: it is adopted.
// What shells add: bash, zsh and fish pass SIGHUP on to their jobs, and at a plain exit zsh and fish do, too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "insight/signals.hpp"
#include "insight/view.hpp"

namespace foster::insight {

enum class Outcome : std::uint8_t { survives, dies, stops, unaffected, unknown };

/// The enumerator's own word.
[[nodiscard]] std::string_view to_string(Outcome outcome) noexcept;

struct Prediction {
  Outcome outcome = Outcome::unknown;
  std::string because = {};  ///< The facts it follows from, a sentence without its full stop.
};

struct Predictions {
  Prediction parent_dies;
  Prediction terminal_closes;
  Prediction ctrl_c;
  Prediction logout;
  Prediction main_thread_exits;
};

/// What the table does not say.
struct Surroundings {
  /// Empty where they cannot be read.
  std::function<std::optional<SignalMasks>(Pid)> signals_of;
  /// Whether a process is the first of a pid namespace, ours or one within.
  std::function<bool(Pid)> is_namespace_init = [](Pid pid) { return pid == Pid(1); };
  std::optional<std::string> cgroup = {};           ///< Of the process in question.
  std::optional<bool> kills_user_processes = {};    ///< logind's setting; empty: no logind, or not known.
  std::optional<bool> user_lingers = {};            ///< loginctl enable-linger; empty: not known.
  std::optional<bool> terminal_makes_signals = {};  ///< ISIG of its terminal; empty: not readable.
};

[[nodiscard]] Predictions predict(const Process& process, const View& view, const Surroundings& surroundings);

}  // namespace foster::insight
