// What was done to foster and to services, with the times: what the oracle must know to judge.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace foster::chaos {

struct Losses {
  struct Window {
    std::uint64_t begin_ns = 0;
    std::uint64_t end_ns = 0;
  };

  std::vector<std::uint64_t> reaper_killed_ns;
  /// From the first kill after which foster was not seen whole, until somebody had started it again.
  std::vector<Window> both_lost;
  /// From the first kill after which foster was not seen whole, until it answered; a reaper was among what was killed.
  std::vector<Window> reaper_lost;
  /// To processes of services.
  std::map<pid_t, std::set<int>> signals;
  /// The same by service: the one that is hit need not be the one that keeps the witness.
  struct Sent {
    std::string instance;
    std::uint64_t at_ns = 0;
    int signal = 0;
  };
  std::vector<Sent> sent;

  [[nodiscard]] std::set<int> sent_to(const std::string& instance, std::uint64_t begin_ns, std::uint64_t end_ns) const {
    std::set<int> found;
    for (const Sent& one : sent) {
      if (one.instance == instance && begin_ns < one.at_ns + kSlack && one.at_ns < end_ns + kSlack) {
        found.insert(one.signal);
      }
    }
    return found;
  }

  /// A run that was alive when a reaper was lost, or was not waited for by it yet.
  [[nodiscard]] bool outlived_a_reaper(std::uint64_t begin_ns, std::uint64_t end_ns) const {
    return std::ranges::any_of(reaper_killed_ns,
                               [&](std::uint64_t at) { return begin_ns < at + kSlack && at < end_ns + kSlack; });
  }
  /// The documented limit: what was in the FIFO when such a run ended is gone.
  [[nodiscard]] bool ended_unheard(std::uint64_t end_ns) const { return is_within(both_lost, end_ns); }
  /// Nobody can wait for it at such a time, and nobody may have held a pidfd.
  [[nodiscard]] bool ended_between_reapers(std::uint64_t end_ns) const { return is_within(reaper_lost, end_ns); }

 private:
  static bool is_within(const std::vector<Window>& windows, std::uint64_t at_ns) {
    return std::ranges::any_of(windows, [&](const Window& window) {
      return window.begin_ns < at_ns + kSlack && at_ns < window.end_ns + kSlack;
    });
  }
  // Between the last word of a process and what happened to it.
  static constexpr std::uint64_t kSlack = 300'000'000;
};

}  // namespace foster::chaos
