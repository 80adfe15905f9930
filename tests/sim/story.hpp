// What is done to a simulated world from outside, as a short text that can be replayed and cut down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foster::sim {

enum class Deed : std::uint8_t {
  advance,          ///< Time passes, `a` milliseconds; whatever is due happens on the way.
  jump,             ///< The machine was asleep for `a` milliseconds: everything due is late.
  start,            ///< A person starts what glob `a` matches.
  stop,             ///< … stops it.
  restart,          ///< … restarts it.
  crash,            ///< The main process of live run `a` ends with code `b` (a signal above 255).
  lose_readiness,   ///< Nobody hears that live run `a` is ready.
  fail_spawns,      ///< The next `a` spawns fail.
  notify,           ///< Live run `a` says something: STOPPING, WATCHDOG, MAINPID, EXTEND_TIMEOUT by `b`.
  reload,           ///< The configuration is changed, as `a` says.
  lose_supervisor,  ///< At the next step that decides something, after `a` of its actions; with `b`, of its records.
  repeat,           ///< The last fact about live run `a` is told once more.
  shut_down,        ///< With exit code `a`.
};

struct Op {
  Deed deed;
  unsigned a = 0;
  unsigned b = 0;
  friend bool operator==(const Op&, const Op&) = default;
};

struct Story {
  std::uint64_t seed = 0;  ///< Of the world: its configuration and how its services behave.
  std::vector<Op> ops;
};

/// So many steps made up from a seed.
[[nodiscard]] Story make_story(std::uint64_t seed, unsigned steps);

/// "17:a250,s1,c0.3": what --replay takes.
[[nodiscard]] std::string to_text(const Story& story);
[[nodiscard]] std::optional<Story> story_from_text(std::string_view text);

/// For people.
[[nodiscard]] std::string describe(const Op& op);

}  // namespace foster::sim
