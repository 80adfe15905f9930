// Everything a campaign does to foster and to its services.
#pragma once

#include <string>

#include "losses.hpp"
#include "report.hpp"
#include "sandbox.hpp"

namespace foster::chaos {

class Faults {
 public:
  Faults(Sandbox& sandbox, Report& report) : sandbox_(sandbox), report_(report) {}

  void kill_supervisor(int signal);
  void kill_reaper();
  void kill_both();
  /// The supervisor does not run for a while; shorter than anybody's patience, nothing comes of it.
  void stop_supervisor_for(std::chrono::milliseconds how_long);
  /// The supervisor never runs again, and a client wants something: it must be replaced.
  void hang_supervisor();
  /// One process of this instance.
  void kill_service(const std::string& instance, int signal, unsigned which);

  /// Starts foster again when nothing of it is left.
  void ensure_somebody();
  /// Waits until foster answers.
  void settle();

  /// Whether a reaper was lost between these two, or before, and foster had not answered since.
  [[nodiscard]] bool may_be_nobody(std::uint64_t begin_ns, std::uint64_t end_ns) const;

  [[nodiscard]] const Losses& losses() const { return losses_; }

 private:
  [[nodiscard]] bool has_inherited() const;
  void note_kill();
  void start_again();

  Sandbox& sandbox_;
  Report& report_;
  Losses losses_;
  std::uint64_t unsettled_since_ns_ = 0;  ///< 0: it answered after the last kill.
  bool is_reaper_lost_ = false;           ///< Since then.
};

}  // namespace foster::chaos
