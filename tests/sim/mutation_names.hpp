// The broken rules by name, and the invariant that each must break.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/mutation.hpp"

namespace foster::sim {

struct NamedMutation {
  core::Mutation mutation;
  std::string_view name;
  unsigned invariant;
};

inline constexpr std::array kMutationNames{
    NamedMutation{core::Mutation::spawns_before_the_last_run_is_gone, "spawns-before-the-last-run-is-gone", 1},
    NamedMutation{core::Mutation::stopped_when_only_the_main_has_ended, "stopped-when-only-the-main-has-ended", 2},
    NamedMutation{core::Mutation::keeps_the_pid_of_a_dead_main, "keeps-the-pid-of-a-dead-main", 3},
    NamedMutation{core::Mutation::forgets_the_next_try, "forgets-the-next-try", 4},
    NamedMutation{core::Mutation::counts_no_failures, "counts-no-failures", 5},
    NamedMutation{core::Mutation::counts_no_failed_starts, "counts-no-failed-starts", 5},
    NamedMutation{core::Mutation::a_starting_need_is_good_enough, "a-starting-need-is-good-enough", 6},
    NamedMutation{core::Mutation::stops_a_need_before_its_dependants, "stops-a-need-before-its-dependants", 6},
    NamedMutation{core::Mutation::signals_a_main_that_has_ended, "signals-a-main-that-has-ended", 7},
    NamedMutation{core::Mutation::a_start_overtakes_the_last_output, "a-start-overtakes-the-last-output", 8},
    NamedMutation{core::Mutation::does_not_record_the_wish, "does-not-record-the-wish", 9},
    NamedMutation{core::Mutation::reload_restarts_everything, "reload-restarts-everything", 10},
};
static_assert(kMutationNames.size() + 1 == core::kMutations);

[[nodiscard]] constexpr std::optional<core::Mutation> mutation_from_name(std::string_view name) {
  for (const NamedMutation& named : kMutationNames) {
    if (named.name == name) return named.mutation;
  }
  return std::nullopt;
}

}  // namespace foster::sim
