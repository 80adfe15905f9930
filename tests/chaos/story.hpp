// What happens in a campaign, in which order: follows from the seed alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "faults.hpp"
#include "fleet.hpp"
#include "sim/dice.hpp"

namespace foster::chaos {

class Story {
 public:
  Story(Sandbox& sandbox, Fleet& fleet, Faults& faults, Report& report, std::uint64_t seed);

  void tell(std::chrono::seconds how_long);

 private:
  enum class Deed : std::uint8_t {
    kill_supervisor,
    crash_supervisor,
    kill_reaper,
    kill_both,
    pause_supervisor,
    hang_supervisor,
    kill_service,
    command
  };
  [[nodiscard]] Deed choose();
  void do_one(Deed deed);
  void give_command();
  void collect(bool all);
  void judge(const Command& command, const Outcome& outcome);

  Sandbox& sandbox_;
  Fleet& fleet_;
  Faults& faults_;
  Report& report_;
  sim::Dice dice_;
  std::vector<Command> pending_;
  unsigned upgrades_ = 0;
};

}  // namespace foster::chaos
