// One story told to one fleet, with all invariants checked after each step.
#pragma once

#include <string>
#include <vector>

#include "core/invariants.hpp"
#include "story.hpp"

namespace foster::sim {

struct Outcome {
  core::Violations violations;  ///< Of the first step that had any; empty: all is well.
  std::size_t op = 0;           ///< The step of the story at which it came out; its size: when it was to come to rest.
  unsigned steps = 0;           ///< What the fleet was told, all in all.
  std::vector<std::string> trail;  ///< The last things told and decided, where asked for.
  std::vector<std::string> end;    ///< What each instance came to: "web:0 running".
  unsigned losses = 0;             ///< How often the supervisor was lost.
  unsigned told_early = 0;         ///< What only the next supervisor asked about, and so knew before its time.
};

enum class Trail : std::uint8_t { none, keep };

/// Tells the story, and lets the world come to rest afterwards. The same story ends the same way.
[[nodiscard]] Outcome run(const Story& story, Trail trail = Trail::none);

/// The shortest story found that still breaks one of the same invariants: parts are taken away as long as it does.
[[nodiscard]] Story shrink(const Story& story, const Outcome& outcome);

/// For people: what was broken, the story, and the command that replays it.
[[nodiscard]] std::string report(const Story& story, const std::string& options = {});

}  // namespace foster::sim
