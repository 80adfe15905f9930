// What cannot be made on every machine: systemd's logins, foreign namespaces, signals that cannot be read. The rest is
// tried for real in tests/e2e/see_inspect_test.cpp.
#include "insight/predict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>

#include "insight/facts.hpp"

namespace foster::insight {
namespace {

using ::testing::HasSubstr;

std::uint64_t bit(int signal) {
  return std::uint64_t{1} << static_cast<unsigned>(signal - 1);
}

Process process_with(pid_t pid, pid_t parent, pid_t group, pid_t session, const std::string& name) {
  Process process;
  process.pid = Pid(pid);
  if (parent > 0) process.parent = Pid(parent);
  process.group = Pgid(group);
  process.session = Sid(session);
  process.state = ProcessState::sleeping;
  process.start_ticks = static_cast<std::uint64_t>(pid);
  process.name = name;
  return process;
}

/// init, a bash in pts/0 (100), its job (200), and a daemon (300); what is asked about, and what signals they have.
struct Machine {
  std::vector<Process> processes{process_with(1, 0, 1, 1, "init"), process_with(100, 1, 100, 100, "bash"),
                                 process_with(200, 100, 200, 100, "make"), process_with(300, 1, 300, 300, "served")};
  std::map<pid_t, SignalMasks> signals{{100,
                                        {.blocked = 0,
                                         .ignored = bit(SIGTSTP) | bit(SIGTTOU) | bit(SIGTTIN) | bit(SIGTERM),
                                         .caught = bit(SIGHUP) | bit(SIGINT) | bit(SIGCHLD)}},
                                       {200, {}},
                                       {300, {}}};
  Surroundings surroundings;

  Machine() {
    for (const std::size_t at : {1, 2}) {
      processes[at].terminal = foster::Terminal{.major = 136, .minor = 0};
      processes[at].foreground_group = Pgid(100);
    }
  }

  Process& job() { return processes[2]; }
  void put_in_foreground(pid_t group) {
    for (const std::size_t at : {1, 2}) processes[at].foreground_group = Pgid(group);
  }

  Predictions of(pid_t pid) {
    surroundings.signals_of = [this](Pid asked) -> std::optional<SignalMasks> {
      const auto found = signals.find(asked.number());
      return found != signals.end() ? std::optional(found->second) : std::nullopt;
    };
    const View view(ProcessTable(processes), [](Pid, std::string_view) { return std::optional<std::string>(); });
    return predict(*view.table().find(Pid(pid)), view, surroundings);
  }
};

TEST(Predict, WithoutItsSignalsTheAnswerIsUnknownAndNoGuess) {
  Machine machine;
  machine.signals.erase(200);
  machine.put_in_foreground(200);
  EXPECT_EQ(machine.of(200).ctrl_c.outcome, Outcome::unknown);
  EXPECT_EQ(machine.of(200).terminal_closes.outcome, Outcome::unknown);
  machine.put_in_foreground(100);
  EXPECT_EQ(machine.of(200).ctrl_c.outcome, Outcome::unaffected) << "needs no signals to be known";
}

TEST(Predict, AHandlerOfItsOwnDecidesWhatNobodyElseKnows) {
  Machine machine;
  machine.signals[200].caught = bit(SIGHUP) | bit(SIGINT);
  machine.put_in_foreground(200);
  EXPECT_EQ(machine.of(200).ctrl_c.outcome, Outcome::unknown);
  EXPECT_THAT(machine.of(200).terminal_closes.because, HasSubstr("handler of its own"));
}

TEST(Predict, ABlockedSignalStaysPending) {
  Machine machine;
  machine.signals[200].blocked = bit(SIGINT);
  machine.put_in_foreground(200);
  EXPECT_EQ(machine.of(200).ctrl_c.outcome, Outcome::survives);
  EXPECT_THAT(machine.of(200).ctrl_c.because, HasSubstr("pending"));
}

TEST(Predict, ALeaderThatIgnoresTheHangupKeepsTheForegroundAlive) {
  Machine machine;
  machine.processes[1].name = "screen";
  machine.signals[100] = {.blocked = 0, .ignored = bit(SIGHUP), .caught = 0};
  machine.put_in_foreground(200);
  EXPECT_EQ(machine.of(200).terminal_closes.outcome, Outcome::survives);
  machine.signals[100] = {.blocked = 0, .ignored = 0, .caught = bit(SIGHUP)};
  EXPECT_EQ(machine.of(200).terminal_closes.outcome, Outcome::unknown);
}

TEST(Predict, ANestedShellPassesTheHangupOnToItsOwnJobs) {
  Machine machine;
  Process inner = process_with(150, 100, 150, 100, "bash");
  Process job = process_with(250, 150, 250, 100, "sleep");
  for (Process* process : {&inner, &job}) {
    process->terminal = machine.job().terminal;
    process->foreground_group = Pgid(150);
    machine.processes.push_back(*process);
  }
  machine.signals[150] = machine.signals[100];
  machine.signals[250] = {};
  EXPECT_EQ(machine.of(250).terminal_closes.outcome, Outcome::dies);
  EXPECT_THAT(machine.of(250).terminal_closes.because, HasSubstr("bash (150)"));
}

TEST(Predict, ZshHangsUpItsJobsAtAPlainExitAndBashDoesNot) {
  Machine machine;
  EXPECT_EQ(machine.of(200).logout.outcome, Outcome::survives);
  machine.processes[1].name = "zsh";
  EXPECT_EQ(machine.of(200).logout.outcome, Outcome::dies);
}

TEST(Predict, LogindEndsTheLoginsProcessesOnlyWhenItIsSetToDoSo) {
  Machine machine;
  machine.surroundings.cgroup = "/user.slice/user-1000.slice/session-3.scope";
  machine.surroundings.kills_user_processes = true;
  EXPECT_EQ(machine.of(300).logout.outcome, Outcome::dies);
  machine.surroundings.kills_user_processes = false;
  EXPECT_EQ(machine.of(300).logout.outcome, Outcome::unaffected);
  EXPECT_THAT(machine.of(300).logout.because, HasSubstr("KillUserProcesses=no"));
}

TEST(Predict, TheUsersSystemdEndsItsUnitsUnlessTheUserLingers) {
  Machine machine;
  machine.surroundings.cgroup = "/user.slice/user-1000.slice/user@1000.service/app.slice/work.service";
  EXPECT_EQ(machine.of(300).logout.outcome, Outcome::unknown);
  machine.surroundings.user_lingers = false;
  EXPECT_EQ(machine.of(300).logout.outcome, Outcome::dies);
  machine.surroundings.user_lingers = true;
  EXPECT_EQ(machine.of(300).logout.outcome, Outcome::survives);
}

TEST(Predict, TheFirstProcessOfANamespaceGetsNoSignalByDefault) {
  Machine machine;
  machine.put_in_foreground(200);
  machine.surroundings.is_namespace_init = [](Pid pid) { return pid == Pid(200) || pid == Pid(1); };
  EXPECT_EQ(machine.of(200).ctrl_c.outcome, Outcome::survives);
}

TEST(Predict, AStoppedProcessKeepsCtrlCForLater) {
  Machine machine;
  machine.put_in_foreground(200);
  machine.job().state = ProcessState::stopped;
  EXPECT_EQ(machine.of(200).ctrl_c.outcome, Outcome::survives);
}

TEST(Predict, TheMainThreadsEndIsTheProcesssOnlyWhereItIsTheOnlyOne) {
  Machine machine;
  EXPECT_EQ(machine.of(300).main_thread_exits.outcome, Outcome::dies);
  machine.processes[3].threads = 4;
  EXPECT_EQ(machine.of(300).main_thread_exits.outcome, Outcome::survives);
}

TEST(KillUserProcesses, TheLastSettingCountsAndACommentTellsTheDefault) {
  EXPECT_EQ(kill_user_processes({}), std::nullopt);
  EXPECT_EQ(kill_user_processes({"[Login]\n#KillUserProcesses=no\n"}), false);
  EXPECT_EQ(kill_user_processes({"#KillUserProcesses=no\n", "[Login]\nKillUserProcesses=yes\n"}), true);
  EXPECT_EQ(kill_user_processes({"KillUserProcesses=yes\n", "KillUserProcesses=no"}), false);
}

}  // namespace
}  // namespace foster::insight
