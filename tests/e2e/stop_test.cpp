// When `stop` returns, nothing that the instance started is alive, however it forked.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

class EndToEndStop : public ::testing::TestWithParam<const char*> {};

TEST_P(EndToEndStop, KillsADaemonThatForkedTwiceAndChangedSession) {
  Foster foster;
  foster.environment["FOSTER_WITHOUT"] = GetParam();
  foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("forks_twice") + "\", \"" + foster.path("pid") +
                      "\"]\nstart-seconds = \"50ms\"\n[service.other]\ncommand = [\"" + Foster::actor("forks_twice") +
                      "\", \"" + foster.path("other-pid") + "\"]\nstart-seconds = \"50ms\"\n");
  foster.up();
  ASSERT_TRUE(foster.wait_until(
      [&] { return !first_line_of(foster.path("pid")).empty() && !first_line_of(foster.path("other-pid")).empty(); }));
  const pid_t stray = std::stoi(first_line_of(foster.path("pid")));
  const pid_t other = std::stoi(first_line_of(foster.path("other-pid")));
  ASSERT_TRUE(is_alive(stray));
  EXPECT_EQ(parent_of(stray), foster.info().at("reaper").as_int64()) << "adopted by our reaper";

  ASSERT_EQ(foster.run({"stop", "web"}).code, 0);
  EXPECT_FALSE(is_alive(stray));
  EXPECT_TRUE(is_alive(other)) << "another service's daemon is not touched";
  EXPECT_EQ(foster.row("web").state, "stopped");
}

TEST_P(EndToEndStop, KillsWhatIgnoresTheSignalAfterTheTimeout) {
  Foster foster;
  foster.environment["FOSTER_WITHOUT"] = GetParam();
  foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("ignores_term") +
                      "\"]\nstart-seconds = \"10ms\"\nstop = { signal = \"TERM\", timeout = \"200ms\" }\n");
  foster.up();
  const pid_t pid = foster.pid_of("web");
  ASSERT_EQ(foster.run({"stop", "web"}).code, 0);
  EXPECT_EQ(state_of(pid), '\0');
  EXPECT_EQ(foster.row("web").exit_signal, "SIGKILL");
}

TEST_P(EndToEndStop, CrashOfTheMainProcessTakesItsChildrenAlong) {
  Foster foster;
  foster.environment["FOSTER_WITHOUT"] = GetParam();
  foster.write_config("[service.web]\ncommand = \"sleep 1000 & sleep 1001 & echo $!; exec " + Foster::actor("exits") +
                      " 400 1\"\nstart-seconds = \"10ms\"\nrestart = \"never\"\n");
  foster.up();
  ASSERT_TRUE(foster.wait_until([&] { return !foster.log_of("web").empty(); }));
  const pid_t child = std::stoi(foster.log_of("web"));
  ASSERT_TRUE(foster.wait_for_state("web", "exited"));
  EXPECT_FALSE(is_alive(child));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutCgroups, EndToEndStop, ::testing::Values("", "cgroup", "cgroup_kill"),
                         [](const auto& chosen) {
                           const std::string without = chosen.param;
                           return without.empty()       ? "WithAll"
                                  : without == "cgroup" ? "WithoutCgroup"
                                                        : "WithoutCgroupKill";
                         });

TEST(Stop, OfAWaitingServiceSignalsNobody) {
  Foster foster;
  foster.write_config("[service.db]\ncommand = [\"" + Foster::actor("ignores_term") +
                      "\"]\nready = { tcp = \"127.0.0.1:1\", timeout = \"60s\" }\nstop = { timeout = \"100ms\" }\n"
                      "[service.app]\ncommand = \"sleep 1000\"\nneeds = [\"db\"]\n");
  (void)foster.run({"up", "-d", "--no-wait"});
  ASSERT_TRUE(foster.wait_for_state("app", "waiting"));
  ASSERT_EQ(foster.run({"stop", "app"}).code, 0);
  EXPECT_EQ(foster.row("app").state, "stopped");
  EXPECT_EQ(foster.row("app").run, 0U);
}

}  // namespace
}  // namespace foster::e2e
