// `foster up` on a terminal.
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

TEST(Foreground, ShowsPrefixedOutputAndStopsEverythingOnInterrupt) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"echo hello; exec sleep 1000\"\nstart-seconds = \"10ms\"\n"
      "[service.db]\ncommand = \"echo ready; exec sleep 1000\"\nstart-seconds = \"10ms\"\n");
  const auto up = foster.begin({"up"});
  ASSERT_TRUE(foster.wait_until([&] {
    const std::string& out = up->out();
    return out.find("hello") != std::string::npos && out.find("ready") != std::string::npos;
  }));
  EXPECT_THAT(up->out(), ::testing::ContainsRegex("web[^\n]*hello"));
  up->signal(SIGINT);
  const Finished finished = up->finish(20s);
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
  EXPECT_TRUE(wait_until([&] { return foster.processes().empty(); }, 2s));
}

TEST(Foreground, SecondInterruptKillsAtOnce) {
  Foster foster;
  foster.write_config("[service.deaf]\ncommand = [\"" + Foster::actor("ignores_term") +
                      "\"]\nstart-seconds = \"10ms\"\nstop = { timeout = \"60s\" }\n");
  const auto up = foster.begin({"up"});
  ASSERT_TRUE(foster.wait_for_state("deaf", "running"));
  const pid_t deaf = foster.pid_of("deaf");
  up->signal(SIGINT);
  ASSERT_TRUE(foster.wait_for_state("deaf", "stopping"));
  up->signal(SIGINT);
  (void)up->finish(20s);
  EXPECT_TRUE(wait_until([&] { return !is_alive(deaf) && foster.processes().empty(); }, 5s));
}

TEST(Foreground, ClosedTerminalStopsEverything) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = \"exec sleep 1000\"\nstart-seconds = \"10ms\"\n");
  int terminal = -1;
  const pid_t shell = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (shell == 0) {
    for (const auto& [name, value] : foster.environment) ::setenv(name.c_str(), value.c_str(), 1);
    if (::chdir(foster.directory().c_str()) != 0) ::_exit(1);
    ::execl(FOSTER_BINARY, "foster", "up", nullptr);
    ::_exit(127);
  }
  ASSERT_TRUE(foster.wait_for_state("web", "running"));
  const pid_t web = foster.pid_of("web");
  ::close(terminal);
  EXPECT_TRUE(wait_until([&] { return !is_alive(web); }));
  ::waitpid(shell, nullptr, 0);
}

}  // namespace
}  // namespace foster::e2e
