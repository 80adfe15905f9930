// The kernel's own events, where this machine gives them.
#include "sys/proc_connector.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <chrono>

#include "sys/clock.hpp"
#include "sys/facilities.hpp"

namespace foster::sys {
namespace {

using namespace std::chrono_literals;

/// A child that ends at once with this code, reaped.
pid_t brief_child(int code) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(code);
  (void)::waitpid(pid, nullptr, 0);
  return pid;
}

bool is_missing(const Result<ProcConnector>& connector) {
  return !connector && (connector.error().code == EPERM || connector.error().code == ENOTSUP);
}

TEST(ProcConnector, TellsBirthAndEndOfAChild) {
  auto connector = ProcConnector::open();
  if (is_missing(connector)) GTEST_SKIP() << to_string(connector.error());
  ASSERT_TRUE(connector) << to_string(connector.error());
  const auto begun = monotonic_now();
  const pid_t child = brief_child(3);
  bool was_born = false;
  bool has_ended = false;
  const auto deadline = begun + 30s;
  while (!has_ended && monotonic_now() < deadline) {
    pollfd ready{connector->fd().get(), POLLIN, 0};
    (void)::poll(&ready, 1, 1000);
    const auto news = connector->read();
    ASSERT_TRUE(news) << to_string(news.error());
    for (const ProcessEvent& event : news->events) {
      if (event.process != child) continue;
      EXPECT_EQ(event.thread, child);
      EXPECT_GE(event.time, begun);
      if (const auto* fork = std::get_if<Forked>(&event.what)) {
        was_born = true;
        EXPECT_EQ(fork->parent, ::getpid());
      }
      if (const auto* end = std::get_if<Ended>(&event.what)) {
        has_ended = true;
        EXPECT_EQ(end->status, ExitStatus(Exited{3}));
      }
    }
  }
  EXPECT_TRUE(was_born && has_ended);
}

TEST(ProcConnector, SaysThatMoreCameThanItCouldKeep) {
  auto connector = ProcConnector::open({.buffer_bytes = 4096});
  if (is_missing(connector)) GTEST_SKIP() << to_string(connector.error());
  ASSERT_TRUE(connector) << to_string(connector.error());
  for (int n = 0; n < 100; ++n) (void)brief_child(0);
  const auto news = connector->read();
  ASSERT_TRUE(news) << to_string(news.error());
  EXPECT_EQ(news->completeness, ConnectorNews::Completeness::has_gaps);
  EXPECT_LT(news->events.size(), 200U);
}

TEST(ProcConnector, IsRefusedWhereItIsSwitchedOff) {
  forbid_facilities_for_testing("proc_connector");
  const auto connector = ProcConnector::open();
  forbid_facilities_for_testing("");
  ASSERT_FALSE(connector);
  EXPECT_EQ(connector.error().code, ENOTSUP);
}

}  // namespace
}  // namespace foster::sys
