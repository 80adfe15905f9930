#include "supervisor/notify_message.hpp"

#include <gtest/gtest.h>

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

TEST(NotifyMessage, ReadsEveryAssignmentOfOneDatagram) {
  const auto message = parse_notify_message(
      "READY=1\nSTATUS=up and "
      "well\nMAINPID=4711\nWATCHDOG=1\nWATCHDOG_USEC=2500000\nEXTEND_TIMEOUT_USEC=1000\nSTOPPING=1\n"
      "RELOADING=1");
  EXPECT_TRUE(message.ready && message.watchdog && message.stopping && message.reloading);
  EXPECT_EQ(message.status, "up and well");
  EXPECT_EQ(message.main_pid, Pid(4711));
  EXPECT_EQ(message.watchdog_period, 2500ms);
  EXPECT_EQ(message.extend_timeout, 1ms);
}

TEST(NotifyMessage, IgnoresWhatItDoesNotKnowAndLinesWithoutAnEquals) {
  const auto message = parse_notify_message("BARRIER=1\nnonsense\n=\n\nX=READY=1");
  EXPECT_FALSE(message.ready || message.watchdog || message.stopping || message.reloading);
  EXPECT_FALSE(message.status || message.main_pid || message.watchdog_period || message.extend_timeout);
}

TEST(NotifyMessage, RefusesNumbersThatAreNone) {
  for (const char* pid : {"0", "-1", "12x", "", "99999999999999999999", "4294967297"}) {
    EXPECT_FALSE(parse_notify_message(std::string("MAINPID=") + pid).main_pid) << pid;
  }
  EXPECT_FALSE(parse_notify_message("WATCHDOG_USEC=18446744073709551615").watchdog_period);
  EXPECT_FALSE(parse_notify_message("READY=yes").ready);
}

TEST(NotifyMessage, StatusNeverCarriesControlBytesToATerminal) {
  const auto message = parse_notify_message("STATUS=\x1b[31mred\x7f\ttab");
  EXPECT_EQ(message.status, " [31mred  tab");
  EXPECT_EQ(parse_notify_message("STATUS=" + std::string(5000, 'x')).status->size(), 200U);
}

}  // namespace
}  // namespace foster::supervisor
