// The table of the state machine: every state with every event. docs/states.md is made from it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/step.hpp"

namespace foster::core {

/// Some of the eight states.
class StateSet {
 public:
  template <class... States>
  constexpr StateSet(States... states) : bits_(static_cast<std::uint8_t>((0U | ... | bit(states)))) {}

  [[nodiscard]] constexpr bool contains(State state) const { return (bits_ & bit(state)) != 0; }

 private:
  static constexpr unsigned bit(State state) { return 1U << static_cast<unsigned>(state); }
  std::uint8_t bits_;
};

/// One cell, for people.
struct StepRule {
  std::string_view text;  ///< What is done; empty: nothing.
  StateSet leads_to;      ///< States it may be in afterwards, other than the same.
};

/// What happens in this state on this trigger.
[[nodiscard]] StepRule step_rule(State state, Trigger trigger);

/// What settling may do in this state: wanted against actual, by what the surroundings allow.
[[nodiscard]] StepRule settle_rule(State state);

/// True if an instance may be told to have gone from one to the other.
[[nodiscard]] bool may_follow(State from, State to);

/// The word for a column: "main exited".
[[nodiscard]] std::string_view to_string(Trigger trigger);

/// The door from the machine to the table.
struct StepTable {
  struct Cell {
    Instance::Deed deed;
    StepRule rule;
  };
  [[nodiscard]] static const Cell& cell(State state, Trigger trigger);
  [[nodiscard]] static Instance::Deed deed(State state, Trigger trigger) { return cell(state, trigger).deed; }
};

}  // namespace foster::core
