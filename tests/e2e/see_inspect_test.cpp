// What `foster inspect` says will happen does happen when the test does it.
#include <fcntl.h>

#include <array>
#include <csignal>

#include "e2e/see.hpp"

namespace foster::e2e {
namespace {

using testing::Terminal;

/// A job typed into a bash in a terminal of its own. `%` stands for the number of seconds.
class TerminalJob {
 public:
  explicit TerminalJob(std::string line, const std::vector<std::string>& shell = interactive_bash())
      : terminal_(shell) {
    EXPECT_TRUE(wait_for_screen(terminal_, "$ "));
    line.replace(line.find('%'), 1, word_);
    terminal_.type(line + "\n");
    pid_ = marked_.find(word_);
  }

  Terminal& terminal() { return terminal_; }
  pid_t pid() const { return pid_; }
  pid_t shell() const { return terminal_.leader(); }

  /// Waits until the kernel and the shell have it where it belongs.
  bool wait_for_kind(const std::string& wanted) const {
    return wait_until([&] { return kind(inspect(pid_)) == wanted; });
  }
  bool wait_for_shell_to_end() {
    return wait_until([&] {
      (void)terminal_.screen();
      return terminal_.has_ended();
    });
  }

 private:
  std::string word_ = Marked::seconds();
  Marked marked_;
  Terminal terminal_;
  pid_t pid_ = -1;
};

TEST(InspectWhenTheTerminalCloses, AForegroundJobDiesByTheHangup) {
  TerminalJob job("sleep %");
  ASSERT_TRUE(job.wait_for_kind("foreground"));
  const Answer predicted = answer(inspect(job.pid()), "terminal_closes");
  EXPECT_EQ(predicted.outcome, "dies") << predicted.because;
  job.terminal().close();
  expect_end(job.pid(), predicted);
}

TEST(InspectWhenTheTerminalCloses, BashPassesTheHangupOnToABackgroundJob) {
  TerminalJob job("sleep % &");
  ASSERT_TRUE(job.wait_for_kind("background"));
  const Answer predicted = answer(inspect(job.pid()), "terminal_closes");
  EXPECT_EQ(predicted.outcome, "dies") << predicted.because;
  EXPECT_NE(predicted.because.find("passes it on"), std::string::npos) << predicted.because;
  job.terminal().close();
  expect_end(job.pid(), predicted);
}

TEST(InspectWhenTheTerminalCloses, DashLeavesABackgroundJobAlone) {
  TerminalJob job("sleep % &", {"dash", "-i"});
  ASSERT_TRUE(job.wait_for_kind("background"));
  const Answer predicted = answer(inspect(job.pid()), "terminal_closes");
  EXPECT_EQ(predicted.outcome, "survives") << predicted.because;
  job.terminal().close();
  ASSERT_TRUE(job.wait_for_shell_to_end());
  EXPECT_TRUE(is_alive(job.pid()));
}

TEST(InspectWhenTheTerminalCloses, NohupSurvives) {
  TerminalJob job("nohup sleep % >/dev/null 2>&1 &");
  ASSERT_TRUE(job.wait_for_kind("background"));
  const Answer predicted = answer(inspect(job.pid()), "terminal_closes");
  EXPECT_EQ(predicted.outcome, "survives") << predicted.because;
  EXPECT_NE(predicted.because.find("ignores SIGHUP"), std::string::npos) << predicted.because;
  job.terminal().close();
  ASSERT_TRUE(job.wait_for_shell_to_end());
  EXPECT_TRUE(is_alive(job.pid()));
  const auto afterwards = inspect(job.pid());
  EXPECT_EQ(kind(afterwards), "orphan");
  EXPECT_TRUE(afterwards.at("tty").is_null());
}

TEST(InspectWhenTheTerminalCloses, SetsidIsUnaffected) {
  TerminalJob job("setsid sleep %");
  ASSERT_TRUE(job.wait_for_kind("daemon"));
  const auto page = inspect(job.pid());
  EXPECT_EQ(page.at("sid").as_int64(), job.pid());
  EXPECT_EQ(answer(page, "terminal_closes").outcome, "unaffected");
  EXPECT_EQ(answer(page, "ctrl_c").outcome, "unaffected");
  job.terminal().close();
  ASSERT_TRUE(job.wait_for_shell_to_end());
  EXPECT_TRUE(is_alive(job.pid()));
}

TEST(InspectWhenTheTerminalCloses, AStoppedJobOfDashIsOrphanedAndHungUp) {
  TerminalJob job("sleep %", {"dash", "-i"});
  ASSERT_TRUE(job.wait_for_kind("foreground"));
  job.terminal().press_ctrl_z();
  ASSERT_TRUE(wait_until([&] { return state_of(job.pid()) == 'T'; }));
  ASSERT_TRUE(job.wait_for_kind("background"));
  const auto page = inspect(job.pid());
  EXPECT_EQ(page.at("state").as_string(), "stopped");
  for (const char* when : {"terminal_closes", "logout", "parent_dies"}) {
    EXPECT_EQ(answer(page, when).outcome, "dies") << when << ": " << answer(page, when).because;
  }
  job.terminal().close();
  expect_end(job.pid(), answer(page, "terminal_closes"));
}

TEST(InspectWhenTheTerminalCloses, AnOrphanedBackgroundJobIsNoJobOfTheShellAnyMore) {
  TerminalJob job("(sleep % &)");
  ASSERT_TRUE(job.wait_for_kind("orphan"));
  const auto page = inspect(job.pid());
  const Answer predicted = answer(page, "terminal_closes");
  EXPECT_EQ(predicted.outcome, "survives") << predicted.because;
  EXPECT_FALSE(page.at("adopted_by").is_null());
  job.terminal().close();
  ASSERT_TRUE(job.wait_for_shell_to_end());
  EXPECT_TRUE(is_alive(job.pid()));
}

TEST(InspectWhenTheTerminalCloses, TheShellItselfDies) {
  TerminalJob job("sleep % &");
  const auto page = inspect(job.shell());
  EXPECT_EQ(answer(page, "terminal_closes").outcome, "dies") << answer(page, "terminal_closes").because;
  EXPECT_EQ(answer(page, "logout").outcome, "dies");
  job.terminal().close();
  EXPECT_TRUE(job.wait_for_shell_to_end());
}

TEST(InspectWhenCtrlCIsPressed, OnlyTheForegroundGroupDies) {
  TerminalJob background("sleep % &");
  ASSERT_TRUE(background.wait_for_kind("background"));
  EXPECT_EQ(answer(inspect(background.pid()), "ctrl_c").outcome, "unaffected");
  Marked marked;
  const std::string word = Marked::seconds();
  background.terminal().type("sleep " + word + "\n");
  const pid_t foreground = marked.find(word);
  ASSERT_TRUE(wait_until([&] { return kind(inspect(foreground)) == "foreground"; }));
  const Answer predicted = answer(inspect(foreground), "ctrl_c");
  EXPECT_EQ(predicted.outcome, "dies") << predicted.because;
  background.terminal().press_ctrl_c();
  expect_end(foreground, predicted);
  EXPECT_TRUE(is_alive(background.pid()));
  const Answer shell = answer(inspect(background.shell()), "ctrl_c");
  EXPECT_EQ(shell.outcome, "survives") << shell.because;
}

TEST(InspectWhenCtrlCIsPressed, WhatAScriptPutsBehindItIgnoresTheSignal) {
  // No job control: the job stays in the script's group, and POSIX has it ignore SIGINT.
  TerminalJob job("sh -c 'sleep % & wait'");
  ASSERT_TRUE(job.wait_for_kind("foreground"));
  const Answer predicted = answer(inspect(job.pid()), "ctrl_c");
  EXPECT_EQ(predicted.outcome, "survives") << predicted.because;
  const pid_t script = parent_of(job.pid());
  job.terminal().press_ctrl_c();
  ASSERT_TRUE(wait_until([&] { return !is_alive(script); }));
  EXPECT_TRUE(is_alive(job.pid()));
}

TEST(InspectWhenCtrlCIsPressed, ARawTerminalMakesNoSignal) {
  TerminalJob job("stty -isig; sleep %");
  ASSERT_TRUE(job.wait_for_kind("foreground"));
  const Answer predicted = answer(inspect(job.pid()), "ctrl_c");
  EXPECT_EQ(predicted.outcome, "unaffected") << predicted.because;
}

TEST(InspectWhenTheUserLogsOut, ABackgroundJobOfBashGoesOn) {
  TerminalJob job("sleep % &");
  ASSERT_TRUE(job.wait_for_kind("background"));
  const Answer predicted = answer(inspect(job.pid()), "logout");
  EXPECT_EQ(predicted.outcome, "survives") << predicted.because;
  job.terminal().type("exit\n");
  ASSERT_TRUE(job.wait_for_shell_to_end());
  job.terminal().close();
  EXPECT_TRUE(is_alive(job.pid()));
}

TEST(InspectWhenTheUserLogsOut, AStoppedJobOfBashDies) {
  TerminalJob job("sleep %");
  ASSERT_TRUE(job.wait_for_kind("foreground"));
  job.terminal().press_ctrl_z();
  ASSERT_TRUE(job.wait_for_kind("background"));
  const Answer predicted = answer(inspect(job.pid()), "logout");
  EXPECT_EQ(predicted.outcome, "dies") << predicted.because;
  ASSERT_TRUE(wait_for_screen(job.terminal(), "Stopped"));
  job.terminal().type("exit\nexit\n");  // the first one only warns
  ASSERT_TRUE(job.wait_for_shell_to_end());
  expect_end(job.pid(), predicted);
}

/// "command &" by a double fork, once all of it has happened.
void wait_for_double_fork(const TerminalJob& job) {
  ASSERT_TRUE(job.wait_for_kind("daemon"));
  const auto page = inspect(job.pid());
  for (const char* when : {"terminal_closes", "ctrl_c", "logout"}) {
    EXPECT_EQ(answer(page, when).outcome, "unaffected") << when << ": " << answer(page, when).because;
  }
}

TEST(InspectOfADaemon, NoKeyAndNoClosedTerminalReachesOneThatForkedTwice) {
  TerminalJob job("setsid sh -c 'sleep % & exit'");
  wait_for_double_fork(job);
  job.terminal().press_ctrl_c();
  job.terminal().close();
  ASSERT_TRUE(job.wait_for_shell_to_end());
  EXPECT_TRUE(is_alive(job.pid()));
}

TEST(InspectOfADaemon, NoLogoutReachesOneThatForkedTwice) {
  TerminalJob job("setsid sh -c 'sleep % & exit'");
  wait_for_double_fork(job);
  job.terminal().type("exit\n");
  ASSERT_TRUE(job.wait_for_shell_to_end());
  job.terminal().close();
  EXPECT_TRUE(is_alive(job.pid()));
}

TEST(InspectWhenItsMainThreadExits, TheOthersGoOn) {
  std::array<int, 2> line{};
  ASSERT_EQ(::pipe2(line.data(), O_CLOEXEC), 0);
  const UniqueFd input(line[0]);
  const UniqueFd writer(line[1]);
  Running program({Foster::actor("loses_main_thread")}, {}, input.get());
  ASSERT_TRUE(wait_until([&] { return program.out() == "up\n"; }));
  const Answer predicted = answer(inspect(program.pid()), "main_thread_exits");
  EXPECT_EQ(predicted.outcome, "survives") << predicted.because;
  ASSERT_EQ(::write(writer.get(), "\n", 1), 1);
  ASSERT_TRUE(wait_until([&] { return state_of(program.pid()) == 'Z'; }));
  // The kernel's letter is that of the first thread.
  EXPECT_EQ(sys::read_stat(Pid(program.pid()))->num_threads, 2);
  EXPECT_NE(kind(inspect(program.pid())), "zombie");
  program.signal(SIGTERM);
  EXPECT_EQ(program.finish().code, 128 + SIGTERM);
}

TEST(InspectWhileProcessesVanish, EveryCommandSaysWhatIsThereAndFailsForNone) {
  Running churn({"sh", "-c", "while :; do sleep 0 & sleep 0 | sleep 0; done"}, {});
  ASSERT_TRUE(wait_until([&] { return !children_of(churn.pid()).empty(); }));
  for (int round = 0; round < 4; ++round) {
    for (const char* command : {"tree", "zombies", "orphans"}) {
      EXPECT_EQ(Running({FOSTER_BINARY, command, "--json"}, {}).finish().code, 0) << command;
    }
    const auto children = children_of(churn.pid());
    if (children.empty()) continue;
    const int code = Running({FOSTER_BINARY, "inspect", std::to_string(children.back())}, {}).finish().code;
    EXPECT_TRUE(code == 0 || code == 4) << code;
  }
  churn.signal(SIGKILL);
}

TEST(InspectWhenItsParentDies, ABackgroundJobIsAdoptedAndAForegroundOneHungUp) {
  TerminalJob background("sleep % &");
  ASSERT_TRUE(background.wait_for_kind("background"));
  EXPECT_EQ(answer(inspect(background.pid()), "parent_dies").outcome, "survives");
  Marked marked;
  const std::string word = Marked::seconds();
  background.terminal().type("sleep " + word + "\n");
  const pid_t foreground = marked.find(word);
  ASSERT_TRUE(wait_until([&] { return kind(inspect(foreground)) == "foreground"; }));
  const Answer predicted = answer(inspect(foreground), "parent_dies");
  EXPECT_EQ(predicted.outcome, "dies") << predicted.because;
  ::kill(background.shell(), SIGKILL);
  expect_end(foreground, predicted);
  ASSERT_TRUE(background.wait_for_shell_to_end());
  EXPECT_TRUE(is_alive(background.pid()));
  EXPECT_EQ(kind(inspect(background.pid())), "orphan");
}

TEST(InspectWhenItsParentDies, AStoppedJobIsOrphanedAndHungUp) {
  TerminalJob job("sleep %");
  ASSERT_TRUE(job.wait_for_kind("foreground"));
  job.terminal().press_ctrl_z();
  ASSERT_TRUE(job.wait_for_kind("background"));
  const Answer predicted = answer(inspect(job.pid()), "parent_dies");
  EXPECT_EQ(predicted.outcome, "dies") << predicted.because;
  ::kill(job.shell(), SIGKILL);
  expect_end(job.pid(), predicted);
}

TEST(Inspect, AChildOfANamespacesFirstProcessDiesWithIt) {
  const std::string word = Marked::seconds();
  std::vector<std::string> argv{"unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "sleep " + word + " & wait"};
  if (::geteuid() != 0) argv.insert(argv.begin() + 1, {"--user", "--map-root-user"});
  Running namespaced(argv, {});
  Marked marked;
  const pid_t pid = marked.find(word);
  const Answer predicted = answer(inspect(pid), "parent_dies");
  EXPECT_EQ(predicted.outcome, "dies") << predicted.because;
  ::kill(parent_of(pid), SIGKILL);
  expect_end(pid, predicted);
}

TEST(Inspect, AServiceIsNamedWithItsFosterAndSurvivesItsReaper) {
  Foster foster;
  const std::string word = Marked::seconds();
  foster.write_config("[service." + own_service() + "]\ncommand = [\"sleep\", \"" + word +
                      "\"]\nstart-seconds = \"10ms\"\n");
  foster.up();
  const auto page = inspect(foster.pid_of(own_service()));
  EXPECT_EQ(kind(page), "service");
  EXPECT_EQ(page.at("service").as_string(), own_service());
  EXPECT_EQ(page.at("foster").as_string(), "test");
  EXPECT_EQ(answer(page, "parent_dies").outcome, "survives");
  EXPECT_EQ(answer(page, "terminal_closes").outcome, "unaffected");
  const auto by_name = foster.run({"inspect", own_service(), "--json"});
  EXPECT_EQ(by_name.code, 0) << by_name.err;
  const pid_t web = foster.pid_of(own_service());
  const auto reaper = foster.info().at("reaper").as_int64();
  ::kill(static_cast<pid_t>(reaper), SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return foster.info().if_contains("reaper") && parent_of(web) != reaper; }));
  EXPECT_TRUE(is_alive(web));
  ASSERT_TRUE(foster.wait_for_state(own_service(), "running"));
}

TEST(Inspect, AZombieAndInitAreWhatTheyAre) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_TRUE(wait_until([&] { return state_of(child) == 'Z'; }));
  const auto page = inspect(child);
  EXPECT_EQ(kind(page), "zombie");
  EXPECT_EQ(answer(page, "parent_dies").outcome, "unaffected");
  EXPECT_EQ(page.at("ppid").as_int64(), ::getpid());
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(kind(inspect(1)), "init");
}

TEST(Inspect, WhatIsNotThereIsRefusedWithTheCodeOfAnUnknownName) {
  Foster foster;
  EXPECT_EQ(foster.run({"inspect", "4194305"}).code, 4);
  EXPECT_EQ(foster.run({"inspect", "no-such-program"}).code, 4);
  EXPECT_EQ(foster.run({"inspect"}).code, 2);
}

TEST(Inspect, AnotherUsersSecretsAreSaidToBeUnseen) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs another user to become";
  const auto finished =
      Running({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", FOSTER_BINARY, "inspect", "1"}, {})
          .finish();
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_NE(finished.out.find("stdin        not for us to see"), std::string::npos) << finished.out;
}

TEST(Inspect, ThePageTellsDescriptorsSignalsAndPidfiles) {
  testing::TemporaryDirectory directory;
  const std::string pidfile = directory.path("own.pid");
  Running program(
      {"sh", "-c",
       "trap '' USR1; umask 027; cd /; echo $$ > " + pidfile + "; exec 9< " + pidfile + "; exec sleep 100000"},
      {});
  ASSERT_TRUE(wait_until([&] { return runs(program.pid(), "sleep"); }));
  const auto page = inspect(program.pid());
  EXPECT_EQ(page.at("umask").as_string(), "0027");
  EXPECT_EQ(page.at("directory").as_string(), "/");
  EXPECT_EQ(page.at("pidfiles").as_array().at(0).at("path").as_string(), pidfile);
  EXPECT_NE(boost::json::serialize(page.at("signals").at("ignored")).find("\"USR1\""), std::string::npos);
  EXPECT_EQ(page.at("descriptors").as_array().at(0).at("target").as_string(), "/dev/null");
}

}  // namespace
}  // namespace foster::e2e
