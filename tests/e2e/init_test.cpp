// `foster init`: pid 1 of a container, or a subreaper below it.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

std::vector<std::string> in_pid_namespace(std::vector<std::string> argv) {
  std::vector<std::string> words{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"};
  if (::geteuid() != 0)
    words = {"unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"};
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

TEST(Init, ExitsWithTheCommandsOwnStatus) {
  Foster foster;
  EXPECT_EQ(foster.run({"init", "--", "sh", "-c", "exit 7"}).code, 7);
  EXPECT_EQ(foster.run({"init", "--", "sh", "-c", "kill -USR1 $$"}).code, 128 + SIGUSR1);
  EXPECT_EQ(foster.run({"init", "--", "/no/such/program"}).code, 127);
  EXPECT_EQ(foster.run({"init", "--", "/etc/passwd"}).code, 126);
}

TEST(Init, AsPidOneReapsOrphansAndKeepsTheExitCode) {
  Foster foster;
  const Finished finished =
      foster.run_program(in_pid_namespace({FOSTER_BINARY, "init", "--", "sh", "-c",
                                           "for i in 1 2 3 4 5; do (sleep 0.05 &) ; done; sleep 0.3; "
                                           "z=$(grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l); echo "
                                           "pid1=$(cat /proc/1/comm) zombies=$z; exit 3"}));
  EXPECT_EQ(finished.code, 3) << finished.err;
  EXPECT_THAT(finished.out, ::testing::HasSubstr("zombies=0"));
}

TEST(Init, ForwardsTermToTheCommand) {
  Foster foster;
  const auto init =
      foster.begin({"init", "--", "sh", "-c", "trap 'exit 42' TERM; echo up; while :; do sleep 0.05; done"});
  ASSERT_TRUE(wait_until([&] { return init->out() == "up\n"; }));
  init->signal(SIGTERM);
  EXPECT_EQ(init->finish(10s).code, 42);
}

TEST(Init, WithAConfigRunsItInTheForegroundAndEndsOnTerm) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = \"echo hello from web; exec sleep 1000\"\nstart-seconds = \"10ms\"\n");
  const auto init = foster.begin({"init", "--config", foster.path("foster.toml")});
  ASSERT_TRUE(foster.wait_until([&] { return init->out().find("hello from web") != std::string::npos; }))
      << init->out() << init->err();
  ASSERT_TRUE(foster.wait_for_state("web", "running"));
  const pid_t web = foster.pid_of("web");
  init->signal(SIGTERM);
  EXPECT_EQ(init->finish(10s).code, 0);
  EXPECT_FALSE(is_alive(web));
}

TEST(Init, WithAConfigEndsWithTheCodeOfTheEssentialService) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"sleep 0.2; exit 21\"\nrestart = \"never\"\nessential = true\nstart-seconds = "
      "\"10ms\"\n");
  EXPECT_EQ(foster.run({"init", "--config", foster.path("foster.toml")}).code, 21);
}

TEST(Init, WithABadConfigStartsNothing) {
  Foster foster;
  foster.write_config("[service.web]\nworkers = 2\n");
  EXPECT_EQ(foster.run({"init", "--config", foster.path("foster.toml")}).code, 78);
}

}  // namespace
}  // namespace foster::e2e
