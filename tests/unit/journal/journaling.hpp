// Events for the tests of a journal, and what they look at.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "journal/journal.hpp"
#include "support/temporary_directory.hpp"

namespace foster::journal {

inline EventRecord event_of(std::string instance, core::Run run = 1, std::string detail = "because") {
  using namespace std::chrono_literals;
  EventRecord event;
  event.wall = std::chrono::system_clock::time_point(std::chrono::microseconds(1'700'000'000'123'456));
  event.monotonic = core::Instant(5s + 7ns);
  event.instance = std::move(instance);
  event.run = run;
  event.from = core::State::starting;
  event.to = core::State::running;
  event.cause = {core::CauseKind::became_ready, std::move(detail), std::nullopt};
  return event;
}

inline Journal open_journal(const testing::TemporaryDirectory& directory, Journal::Options options = {}) {
  auto opened = Journal::open(directory.path("journal.db"), options);
  EXPECT_FALSE(opened.stuck) << to_string(*opened.stuck);
  return std::move(opened.journal);
}

inline std::vector<core::Run> runs(const std::vector<EventRecord>& events) {
  std::vector<core::Run> numbers;
  for (const auto& event : events) numbers.push_back(event.run);
  return numbers;
}

inline std::vector<core::Run> runs(const Journal& journal, const Query& query = {}) {
  const auto events = journal.history(query);
  EXPECT_TRUE(events);
  return events ? runs(*events) : std::vector<core::Run>();
}

/// As a program leaves it that does this and is killed.
template <class Deed>
void be_killed_after(Deed deed) {
  const pid_t child = ::fork();
  if (child == 0) {
    deed();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
}

}  // namespace foster::journal
