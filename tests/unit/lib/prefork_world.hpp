// A world for a pool's plan: a clock that is moved by hand, processes that are numbers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/prefork_plan.hpp"

namespace foster::testing {

using namespace std::chrono_literals;

/// Forks nobody, signals nobody, and writes down what was wanted: "start 0" makes the run whose number is the count of
/// all starts so far, with pid 100 + number.
class World {
 public:
  explicit World(PreforkOptions options, unsigned workers = 2) : plan_(options, workers) { act(); }

  PreforkPlan& plan() { return plan_; }
  std::chrono::nanoseconds now() const { return now_; }

  /// Lets time pass, looking whenever the plan wants to look.
  void pass(std::chrono::nanoseconds time) {
    const auto until = now_ + time;
    for (auto look = plan_.next_look(); look && *look <= until; look = plan_.next_look()) {
      ASSERT_GT(*look, now_ - 1ns) << "it wants to look into the past";
      now_ = std::max(now_, *look);
      const auto before = said_.size();
      act();
      ASSERT_TRUE(said_.size() > before || plan_.next_look() != look) << "it looks, and does nothing";
    }
    now_ = until;
    act();
  }
  void ends(RunNumber run, ExitStatus status = Exited{1}) {
    plan_.ended(run, status, now_);
    act();
  }
  void is_ready(RunNumber run) {
    plan_.ready(run, now_);
    act();
  }
  void beats(RunNumber run) { plan_.beat(run, now_); }
  void act() {
    while (const auto deed = plan_.next(now_)) note(*deed);
  }
  void refuse_starts(int code) { refusal_ = code; }

  /// What was wanted since the last question.
  std::vector<std::string> said() { return std::exchange(said_, {}); }
  /// The same, with what is only news left out.
  std::vector<std::string> done() {
    auto all = said();
    std::erase_if(all,
                  [](const std::string& line) { return !line.starts_with("start") && !line.starts_with("signal"); });
    return all;
  }

 private:
  void note(const PoolDeed& deed) {
    if (const auto* start = std::get_if<StartRun>(&deed)) {
      said_.push_back("start " + std::to_string(start->task));
      if (refusal_) return plan_.not_started(start->run, Error{"fork", *refusal_, {}}, now_);
      EXPECT_TRUE(seen_.insert(start->run).second);
      return plan_.started(start->run, Pid(static_cast<pid_t>(100 + start->run)), now_);
    }
    if (const auto* signal = std::get_if<SignalRun>(&deed)) {
      said_.push_back("signal " + std::to_string(signal->run) + " " + signal->signal.name());
      return;
    }
    said_.push_back(to_string(std::get<PreforkEvent>(deed)));
  }

  PreforkPlan plan_;
  std::chrono::nanoseconds now_ = 1000s;
  std::optional<int> refusal_;
  std::set<RunNumber> seen_;
  std::vector<std::string> said_;
};

inline PreforkOptions quick() {
  PreforkOptions options;
  options.brake = {.initial = 0ms, .max = 0ms, .healthy_after = 0ms};
  return options;
}

}  // namespace foster::testing
