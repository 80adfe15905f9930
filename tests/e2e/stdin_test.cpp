// stdin = true: a pipe that stays open, through the ends of runs and of foster's own processes.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

/// Two workers of one socket.
class ListeningStdin : public ::testing::Test {
 protected:
  ListeningStdin() {
    foster.write_config(
        "[service.app]\ncommand = [\"/bin/sleep\", \"1000\"]\nworkers = 2\nstdin = { listen = \"unix://" + path() +
        "\", mode = \"0640\" }\nstart-seconds = \"10ms\"\n");
    foster.up();
  }

  [[nodiscard]] std::string path() const { return foster.path("app.sock"); }
  [[nodiscard]] std::string socket_of(const std::string& name) {
    return std::filesystem::read_symlink("/proc/" + std::to_string(foster.pid_of(name)) + "/fd/0");
  }
  [[nodiscard]] bool is_answered() const {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  [[nodiscard]] ino_t inode() const {
    struct stat facts{};
    return ::stat(path().c_str(), &facts) == 0 ? facts.st_ino : 0;
  }
  pid_t lose(const char* whom) {
    const auto pid = static_cast<pid_t>(foster.info().at(whom).as_int64());
    ::kill(pid, SIGKILL);
    return pid;
  }
  void kill_and_wait(const std::string& name) {
    const unsigned run = foster.row(name).run;
    ::kill(foster.pid_of(name), SIGKILL);
    ASSERT_TRUE(foster.wait_until([&] { return foster.row(name).run > run && foster.row(name).state == "running"; }));
  }

  Foster foster;
};

TEST_F(ListeningStdin, IsOneForAllAsLongAsOneRuns) {
  const std::string socket = socket_of("app:0");
  EXPECT_TRUE(socket.starts_with("socket:")) << socket;
  EXPECT_EQ(socket_of("app:1"), socket);
  EXPECT_EQ(testing::mode_of(path()), 0640U);
  EXPECT_TRUE(is_answered());
  kill_and_wait("app:0");
  EXPECT_EQ(socket_of("app:0"), socket);
  EXPECT_EQ(foster.run({"stop", "app"}).code, 0);
  EXPECT_FALSE(is_answered());
  EXPECT_EQ(foster.run({"start", "app"}).code, 0);
  EXPECT_TRUE(is_answered());
}

TEST_F(ListeningStdin, OutlivesALostSupervisor) {
  const std::string socket = socket_of("app:0");
  const ino_t file = inode();
  for (int loss = 0; loss < 3; ++loss) {
    const pid_t supervisor = lose("supervisor");
    ASSERT_TRUE(wait_until([&] { return !is_alive(supervisor); }));
    ASSERT_TRUE(foster.wait_for_state("app:0", "running"));
    kill_and_wait("app:1");
    EXPECT_EQ(socket_of("app:1"), socket);
    EXPECT_EQ(inode(), file);
  }
}

TEST_F(ListeningStdin, OutlivesALostReaper) {
  const std::string socket = socket_of("app:0");
  const pid_t reaper = lose("reaper");
  ASSERT_TRUE(wait_until([&] { return !is_alive(reaper); }));
  ASSERT_TRUE(wait_until([&] { return foster.run({"ps"}).code == 0; }));
  kill_and_wait("app:1");
  EXPECT_EQ(socket_of("app:1"), socket);
}

TEST_F(ListeningStdin, OutlivesBoth) {
  if (::geteuid() != 0) GTEST_SKIP() << "one process may not look into another, and only the services have it";
  const std::string socket = socket_of("app:0");
  const pid_t supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  ::kill(supervisor, SIGSTOP);
  const pid_t reaper = parent_of(supervisor);
  ::kill(reaper, SIGKILL);
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(reaper) && !is_alive(supervisor); }));
  foster.up();
  kill_and_wait("app:1");
  EXPECT_EQ(socket_of("app:1"), socket);
}

TEST_F(ListeningStdin, ClosesWithItsLastRunUnderTheNextSupervisorToo) {
  const pid_t supervisor = lose("supervisor");
  ASSERT_TRUE(wait_until([&] { return !is_alive(supervisor); }));
  ASSERT_TRUE(foster.wait_for_state("app:1", "running"));
  EXPECT_EQ(foster.run({"stop", "app"}).code, 0);
  EXPECT_FALSE(is_answered());
  lose("supervisor");
  ASSERT_TRUE(foster.wait_for_state("app:1", "stopped"));
  EXPECT_FALSE(is_answered());
}

TEST(ListeningPort, IsFreeWhenItsLastRunHasGone) {
  Foster foster;
  foster.write_config("[service.app]\ncommand = [\"/bin/sleep\", \"1000\"]\nstdin = { listen = \"tcp://127.0.0.1:" +
                      std::to_string(free_port()) + "\" }\nstart-seconds = \"1ms\"\n");
  foster.up();
  for (unsigned run = 2; run <= 10; ++run) {
    ASSERT_EQ(foster.run({"restart", "app"}).code, 0);
    ASSERT_EQ(foster.row("app").run, run) << foster.row("app").cause;
  }
}

TEST(BadStdin, AnAddressThatIsTakenIsToldByName) {
  Foster foster;
  testing::write_file(foster.path("file"), "no socket");
  foster.write_config(
      "[service.app]\ncommand = [\"/bin/sleep\", \"1000\"]\nrestart = \"never\"\nstdin = { listen = \"unix://" +
      foster.path("file") + "\" }\n");
  foster.up(1);
  EXPECT_THAT(foster.row("app").cause, ::testing::HasSubstr("/file"));
}

}  // namespace
}  // namespace foster::e2e
