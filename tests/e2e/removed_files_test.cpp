// Files taken away under a running foster, as tidiers of /run and /tmp do: what is missing is made again, no service
// notices, and nothing is started twice.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

class RemovedFiles : public ::testing::Test {
 protected:
  RemovedFiles() {
    foster.write_config("[service.chat]\ncommand = [\"" + Foster::actor("counter") +
                        "\", \"0\", \"500\"]\nstart-seconds = \"10ms\"\n");
    foster.up();
    const auto info = foster.info();
    reaper = static_cast<pid_t>(info.at("reaper").as_int64());
    runtime = info.at("runtime_dir").as_string().c_str();
    chat = foster.pid_of("chat");
  }

  [[nodiscard]] bool is_there(const std::string& name) const {
    return ::access((runtime + "/" + name).c_str(), F_OK) == 0;
  }
  void remove(const std::string& name) const { ASSERT_TRUE(std::filesystem::remove(runtime + "/" + name)); }
  [[nodiscard]] bool answers() { return foster.run({"info"}).code == 0; }

  void lose(const char* role) {
    const auto lost = static_cast<pid_t>(foster.info().at(role).as_int64());
    ::kill(lost, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return !is_alive(lost); }));
    ASSERT_TRUE(foster.wait_until([&] { return answers() && foster.row("chat").state == "running"; })) << role;
  }

  /// The same process, in its first run, whose lines are all there.
  void expect_unharmed() {
    EXPECT_EQ(foster.pid_of("chat"), chat);
    EXPECT_EQ(foster.row("chat").run, 1U);
    const auto before = foster.log_of("chat").size();
    EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("chat").size() > before; }));
    expect_lines_of_run(foster.log_of("chat"), chat);
  }
  static void expect_lines_of_run(const std::string& log, pid_t pid) {
    std::string expected;
    for (long n = 0; expected.size() < log.size(); ++n) {
      expected += std::to_string(pid) + " " + std::to_string(n) + "\n";
    }
    EXPECT_TRUE(expected.starts_with(log)) << "lines are missing";
  }

  Foster foster;
  pid_t reaper = 0;
  pid_t chat = 0;
  std::string runtime;
};

TEST_F(RemovedFiles, TheControlSocketIsMadeAgainAlsoForTheNextSupervisor) {
  remove("control.sock");
  ASSERT_TRUE(wait_until([&] { return is_there("control.sock"); }));
  EXPECT_TRUE(answers());
  lose("supervisor");
  expect_unharmed();
}

TEST_F(RemovedFiles, AFifoIsReadOnAndMadeAgainForTheNextRun) {
  remove("fifo/0");
  expect_unharmed();
  // The next supervisor knows the FIFO by the service alone.
  lose("supervisor");
  expect_unharmed();
  ASSERT_EQ(foster.run({"restart", "chat"}).code, 0);
  EXPECT_TRUE(is_there("fifo/0"));
  const auto pid = std::to_string(foster.pid_of("chat"));
  EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("chat").find("\n" + pid + " 5\n") != std::string::npos; }));
}

TEST_F(RemovedFiles, TheDirectoryOfFifosIsMadeAgain) {
  std::filesystem::remove_all(runtime + "/fifo");
  ASSERT_TRUE(wait_until([&] { return is_there("fifo"); }));
  expect_unharmed();
  ASSERT_EQ(foster.run({"restart", "chat"}).code, 0);
  EXPECT_TRUE(is_there("fifo/0"));
}

TEST_F(RemovedFiles, TheLockIsTakenAgainSoThatThereIsNoSecondFoster) {
  for (const char* name : {"lock", "control.sock"}) remove(name);
  ASSERT_TRUE(wait_until([&] { return is_there("lock") && is_there("control.sock"); }));
  lose("supervisor");
  EXPECT_EQ(foster.run({"up", "-d"}).code, 0);
  EXPECT_EQ(static_cast<pid_t>(foster.info().at("reaper").as_int64()), reaper);
  expect_unharmed();
}

TEST_F(RemovedFiles, WhatIsAppliedAndWhoRunsIsWrittenAgain) {
  for (const char* name : {"applied.toml", "ledger"}) remove(name);
  ASSERT_TRUE(wait_until([&] { return is_there("applied.toml") && is_there("ledger"); }));
  lose("supervisor");
  expect_unharmed();
  lose("reaper");
  expect_unharmed();
}

TEST_F(RemovedFiles, TheWholeDirectoryIsMadeAgainAndHasItsServicesOnce) {
  std::filesystem::remove_all(runtime);
  ASSERT_TRUE(wait_until([&] { return is_there("control.sock"); }));
  EXPECT_TRUE(answers());
  EXPECT_EQ(foster.run({"up", "-d"}).code, 0);
  EXPECT_EQ(static_cast<pid_t>(foster.info().at("reaper").as_int64()), reaper);
  expect_unharmed();
  for (const char* role : {"supervisor", "reaper", "supervisor"}) lose(role);
  expect_unharmed();
  struct stat facts{};
  ASSERT_EQ(::stat(runtime.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700U);
}

TEST_F(RemovedFiles, WhatIsRemovedWhileThereIsNoSupervisorIsMadeAgain) {
  const auto lost = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  ASSERT_EQ(::kill(reaper, SIGSTOP), 0);
  ::kill(lost, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(lost); }));
  remove("lock");
  ASSERT_EQ(::kill(reaper, SIGCONT), 0);
  EXPECT_TRUE(foster.wait_until([&] { return is_there("lock"); }));
  expect_unharmed();
}

// The last descriptor of an instance of inotify is slow to close: a supervisor that had it would be slow to end.
TEST_F(RemovedFiles, TheReaperHoldsTheWatchForTheNextSupervisor) {
  const auto watches = [](pid_t pid) {
    return std::ranges::count_if(std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"),
                                 [](const auto& fd) {
                                   std::error_code gone;
                                   return std::filesystem::read_symlink(fd.path(), gone).string().ends_with("inotify");
                                 });
  };
  EXPECT_TRUE(wait_until([&] { return watches(reaper) == 1; }));
  lose("supervisor");
  EXPECT_EQ(watches(static_cast<pid_t>(foster.info().at("supervisor").as_int64())), 1);
  EXPECT_EQ(watches(reaper), 1);
  remove("lock");
  EXPECT_TRUE(foster.wait_until([&] { return is_there("lock"); }));
}

TEST_F(RemovedFiles, AgainAndAgainCostsNoDescriptor) {
  const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  const auto open_files = [](pid_t pid) {
    const auto path = "/proc/" + std::to_string(pid) + "/fd";
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  };
  std::filesystem::remove_all(runtime);
  ASSERT_TRUE(wait_until([&] { return is_there("control.sock") && answers(); }));
  const auto before = open_files(supervisor);
  const auto before_in_reaper = open_files(reaper);
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove_all(runtime);
    ASSERT_TRUE(wait_until([&] { return is_there("control.sock") && answers(); }));
  }
  EXPECT_TRUE(wait_until([&] { return open_files(supervisor) <= before; })) << open_files(supervisor);
  EXPECT_TRUE(wait_until([&] { return open_files(reaper) <= before_in_reaper; })) << open_files(reaper);
  expect_unharmed();
}

}  // namespace
}  // namespace foster::e2e
