// What happens when a service ends by itself.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

std::string service(const std::string& command, const std::string& more) {
  return "[service.web]\ncommand = " + command + "\nstart-seconds = \"20ms\"\n" + more + "\n";
}

std::string counter() {
  return "[\"" + Foster::actor("counter") + "\", \"0\", \"50000\"]";
}

TEST(Restart, KilledServiceIsBackWithANewRun) {
  Foster foster;
  foster.write_config(service(counter(), ""));
  foster.up();
  const pid_t first = foster.pid_of("web");
  ::kill(first, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").run == 2 && foster.row("web").state == "running"; }));
  const Row row = foster.row("web");
  EXPECT_NE(row.pid, first);
  EXPECT_EQ(row.restarts, 1U);
  EXPECT_EQ(row.exit_signal, "SIGKILL");
  EXPECT_EQ(state_of(first), '\0') << "reaped";
}

TEST(Restart, OnFailureLeavesASuccessfulEndAlone) {
  Foster foster;
  foster.write_config(service("[\"" + Foster::actor("exits") + "\", \"200\", \"0\"]", "restart = \"on-failure\""));
  foster.up();
  ASSERT_TRUE(foster.wait_for_state("web", "exited"));
  EXPECT_EQ(foster.row("web").exit_code, 0);
  EXPECT_EQ(foster.row("web").run, 1U);
}

TEST(Restart, AlwaysStartsAgainAfterSuccess) {
  Foster foster;
  foster.write_config(
      service("[\"" + Foster::actor("exits") + "\", \"100\", \"0\"]", "restart = \"always\"\nlimit = \"none\""));
  foster.up();
  EXPECT_TRUE(foster.wait_until([&] { return foster.row("web").run >= 3; }));
}

TEST(Restart, CrashLoopEndsInFailedWithTheCauseKept) {
  Foster foster;
  foster.write_config(
      service("[\"" + Foster::actor("exits") + "\", \"0\", \"-11\"]",
              "backoff = { initial = \"1ms\", max = \"2ms\" }\nlimit = { count = 3, within = \"10s\" }"));
  foster.up(1);
  ASSERT_TRUE(foster.wait_for_state("web", "failed"));
  const Row row = foster.row("web");
  EXPECT_EQ(row.run, 4U) << "more than three failures";
  EXPECT_EQ(row.exit_signal, "SIGSEGV");
  EXPECT_THAT(row.cause, ::testing::HasSubstr("SIGSEGV"));
  EXPECT_THAT(foster.run({"why", "web"}).out, ::testing::HasSubstr("SIGSEGV"));
}

TEST(Restart, NoZombieAndNoOrphanIsLeftByManyEnds) {
  Foster foster;
  foster.write_config(service("[\"" + Foster::actor("exits") + "\", \"1\", \"1\"]",
                              "workers = 10\nbackoff = { initial = \"0ms\", max = \"0ms\" }\nlimit = \"none\""));
  (void)foster.run({"up", "-d", "--no-wait"});
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web:0").run > 50; }));
  ASSERT_EQ(foster.run({"stop", "*"}).code, 0);
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  EXPECT_TRUE(wait_until([&] { return zombies_below(reaper).empty(); }));
  EXPECT_EQ(children_of(reaper).size(), 1U) << "the supervisor alone";
}

}  // namespace
}  // namespace foster::e2e
