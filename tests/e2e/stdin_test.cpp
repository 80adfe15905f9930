// stdin = true: a pipe that stays open, through the ends of runs and of foster's own processes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include <foster/fd.hpp>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

class OpenStdin : public ::testing::Test {
 protected:
  OpenStdin() {
    foster.write_config("[service.echo]\ncommand = [\"/bin/cat\"]\nstdin = true\nstart-seconds = \"10ms\"\n");
    foster.up();
    runtime = foster.info().at("runtime_dir").as_string().c_str();
  }

  void send(const std::string& text) {
    const auto name = std::filesystem::read_symlink("/proc/" + std::to_string(echo()) + "/fd/0");
    ASSERT_TRUE(name.string().starts_with(runtime + "/fifo/")) << name;
    UniqueFd fd(::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_TRUE(fd) << name;
    ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] pid_t echo() { return foster.pid_of("echo"); }
  void expect_log(const std::string& text) {
    EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("echo") == text; })) << foster.log_of("echo");
  }

  Foster foster;
  std::string runtime;
};

TEST_F(OpenStdin, NeitherAWriterThatLeavesNorALostSupervisorIsItsEnd) {
  const pid_t pid = echo();
  send("one\n");
  expect_log("one\n");
  const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(supervisor); }));
  ASSERT_TRUE(foster.wait_for_state("echo", "running"));
  send("two\n");
  expect_log("one\ntwo\n");
  EXPECT_EQ(echo(), pid);
}

TEST_F(OpenStdin, TheNextRunDoesNotReadWhatTheLastOneLeft) {
  ::kill(echo(), SIGSTOP);
  send("for nobody\n");
  const pid_t first = echo();
  ::kill(first, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("echo").run == 2 && foster.row("echo").state == "running"; }));
  send("new\n");
  expect_log("new\n");
}

TEST_F(OpenStdin, ItsPipeGoesWithTheService) {
  const std::string name = std::filesystem::read_symlink("/proc/" + std::to_string(echo()) + "/fd/0");
  foster.write_config("[service.other]\ncommand = [\"/bin/sleep\", \"1000\"]\n");
  foster.up();
  EXPECT_TRUE(foster.wait_until([&] { return !std::filesystem::exists(name); }));
}

}  // namespace
}  // namespace foster::e2e
