// Zombies by the parent that does not wait, what that parent does with SIGCHLD, and what can be done.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "insight/view.hpp"
#include "sys/procfs.hpp"

namespace foster::insight {

/// What a process does when a child ends, as far as the kernel knows.
enum class ChildSignal : std::uint8_t {
  caught,      ///< By a handler: a further signal may help.
  blocked,     ///< Kept for sigwait, signalfd, or for later.
  by_default,  ///< Nothing happens: the program waits when it sees fit.
  ignored,     ///< New zombies are not made at all; old ones stay.
  unknown,
};

/// The enumerator's own word, "default" for `by_default`.
[[nodiscard]] std::string_view to_string(ChildSignal signal) noexcept;

[[nodiscard]] ChildSignal child_signal_of(const std::optional<sys::ProcessStatus>& status) noexcept;

/// One parent that owes waits.
struct Debtor {
  const Process* parent = nullptr;  ///< Null: outside of what can be seen.
  std::vector<const Process*> zombies;
  ChildSignal on_child = ChildSignal::unknown;
  std::string advice;
};

/// All that owe a wait, the greatest debt first. Points into the view.
[[nodiscard]] std::vector<Debtor> find_debtors(const View& view);

/// What to do about it, one sentence. Pure.
[[nodiscard]] std::string advice_for(const Process* parent, ChildSignal on_child, const Service* service);

/// How a nudge ended.
struct Nudge {
  Pid parent{1};
  std::size_t zombies_before = 0;
  std::size_t zombies_left = 0;
  std::string problem = {};  ///< Why no signal could be sent; empty: it was.
};

/// Sends SIGCHLD to each parent, and waits until its zombies are gone, or for `patience`.
/// @blocks Up to `patience` altogether.
[[nodiscard]] std::vector<Nudge> nudge(const std::vector<Debtor>& debtors, std::chrono::milliseconds patience);

}  // namespace foster::insight
