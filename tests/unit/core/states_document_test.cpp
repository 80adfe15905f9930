// docs/states.md is made from the table of the state machine. After a change of the table:
//   FOSTER_UPDATE_DOCS=1 core_test --gtest_filter='StatesDocument.*'
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/step_table.hpp"

namespace foster::core {
namespace {

State state_at(unsigned n) {
  return static_cast<State>(n);
}
Trigger trigger_at(unsigned n) {
  return static_cast<Trigger>(n);
}

std::string meaning_of(State state) {
  switch (state) {
    case State::stopped:
      return "Not wanted, nothing runs.";
    case State::waiting:
      return "Wanted; spawned as soon as whatever it needs or comes after is ready. The cause names whom it waits for.";
    case State::starting:
      return "A run was begun; it is not ready yet.";
    case State::running:
      return "Ready.";
    case State::stopping:
      return "A run is coming to its end, by order or by itself. Left when nothing of it is alive.";
    case State::backoff:
      return "Ended by itself; the next try is at a known time.";
    case State::exited:
      return "Ended by itself, not to be restarted.";
    case State::failed:
      return "Gave up; the cause is kept.";
  }
  return "";
}

std::string diagram() {
  std::string text = "```mermaid\nstateDiagram-v2\n  [*] --> stopped\n";
  for (unsigned from = 0; from < kStates; ++from) {
    for (unsigned to = 0; to < kStates; ++to) {
      if (from == to || !may_follow(state_at(from), state_at(to))) continue;
      text += "  " + std::string(to_string(state_at(from))) + " --> " + std::string(to_string(state_at(to))) + "\n";
    }
  }
  return text + "```\n";
}

std::string words_for(const StepRule& rule) {
  std::string states;
  for (unsigned n = 0; n < kStates; ++n) {
    if (!rule.leads_to.contains(state_at(n))) continue;
    states += (states.empty() ? "" : ", ") + std::string(to_string(state_at(n)));
  }
  return std::string(rule.text) + " | " + states;
}

std::string table_of(State state) {
  std::string text = "### " + std::string(to_string(state)) + "\n\n" + meaning_of(state) + "\n\n";
  text += "| when | it does | and may then be |\n| --- | --- | --- |\n";
  for (unsigned n = 0; n < kTriggers; ++n) {
    const StepRule rule = step_rule(state, trigger_at(n));
    if (rule.text.empty()) continue;
    text += "| " + std::string(to_string(trigger_at(n))) + " | " + words_for(rule) + " |\n";
  }
  if (const StepRule rule = settle_rule(state); !rule.text.empty()) {
    text += "| (settling) | " + words_for(rule) + " |\n";
  }
  return text + "\nAnything else is ignored.\n\n";
}

std::string document() {
  std::ostringstream text;
  text << "# The states of an instance\n\n"
          "Made from the table in `src/core/step_table.cpp`; do not edit. After a change of the table:\n"
          "`FOSTER_UPDATE_DOCS=1 core_test --gtest_filter='StatesDocument.*'`. The essay on what the states mean and "
          "who\n"
          "may interrupt whom opens `src/core/step.hpp`.\n\n"
          "## All ways\n\n"
       << diagram()
       << "\nA state is told again in two cases: one spawn after another (starting), and a stop signal that was "
          "ignored\n"
          "(stopping).\n\n"
          "## State by state\n\n"
          "A wish changes what is wanted; *settling* then compares it with what is, after every event. An event names\n"
          "its run, and one of another run is ignored. \"Nothing counts\" means that failures, restarts and the "
          "backoff\n"
          "start from zero.\n\n";
  for (unsigned n = 0; n < kStates; ++n) text << table_of(state_at(n));
  text << "## When something that is needed changes\n\n"
          "| the needed service is | a dependant that lives | a dependant that waits |\n"
          "| --- | --- | --- |\n"
          "| running, or exited as it should | goes on | is spawned |\n"
          "| starting, in backoff, waiting for its turn, or ending to be restarted after a crash | goes on | waits |\n"
          "| stopping by order (a restart too), stopped, failed, exited with a failure, or held by a need of its own | "
          "is "
          "stopped first | waits |\n\n"
          "`needs` holds for every worker of the needed service. `after` is order only: who comes after waits while "
          "the\n"
          "other is on its first way up, and goes before it when both are stopped.\n";
  return text.str();
}

TEST(StatesDocument, IsMadeFromTheTable) {
  const auto here = std::filesystem::path(__FILE__).parent_path();
  const auto path = here.parent_path().parent_path().parent_path() / "docs" / "states.md";
  if (std::getenv("FOSTER_UPDATE_DOCS") != nullptr) std::ofstream(path) << document();
  std::ifstream file(path);
  const std::string stored((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(stored, document())
      << "docs/states.md is not what the table says; the way to remake it is in its first lines";
}

TEST(StatesTable, EveryStateCanBeReachedAndLeft) {
  for (unsigned one = 0; one < kStates; ++one) {
    bool is_reached = false;
    bool is_left = false;
    for (unsigned other = 0; other < kStates; ++other) {
      if (one == other) continue;
      is_reached = is_reached || may_follow(state_at(other), state_at(one));
      is_left = is_left || may_follow(state_at(one), state_at(other));
    }
    EXPECT_TRUE(is_reached && is_left) << to_string(state_at(one));
  }
}

TEST(StatesTable, AStopIsHonouredInEveryStateButStopped) {
  for (unsigned n = 1; n < kStates; ++n) {
    EXPECT_FALSE(step_rule(state_at(n), Trigger::stop).text.empty()) << to_string(state_at(n));
  }
}

}  // namespace
}  // namespace foster::core
