// Every kind from values, without processes; process_table_test.cpp makes the real ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <foster/process_table.hpp>

namespace foster {
namespace {

using ::testing::HasSubstr;

struct Ids {
  pid_t pid, parent, group, session;
};

Process process_with(const Ids& ids, const std::string& name = "work") {
  Process process;
  process.pid = Pid(ids.pid);
  if (ids.parent > 0) process.parent = Pid(ids.parent);
  if (ids.group > 0) process.group = Pgid(ids.group);
  if (ids.session > 0) process.session = Sid(ids.session);
  process.state = ProcessState::sleeping;
  process.start_ticks = static_cast<std::uint64_t>(ids.pid) * 10;
  process.name = name;
  return process;
}

Process on_terminal(Process process, pid_t foreground) {
  process.terminal = Terminal{.major = 136, .minor = 3};
  process.foreground_group = Pgid(foreground);
  return process;
}

Process in_state(Process process, ProcessState state) {
  process.state = state;
  return process;
}

Process init() {
  return process_with({1, 0, 1, 1}, "init");
}
Process shell(pid_t foreground) {
  return on_terminal(process_with({100, 50, 100, 100}, "bash"), foreground);
}
Process terminal_emulator() {
  return process_with({50, 1, 50, 50}, "xterm");
}

/// Of the process with this pid among these.
Classification classified(pid_t pid, std::vector<Process> processes) {
  const ProcessTable table(std::move(processes));
  return classify(*table.find(Pid(pid)), table);
}

TEST(Classify, ProcessOneIsInit) {
  EXPECT_EQ(classified(1, {init()}).kind, ProcessKind::init);
}

TEST(Classify, AKernelThreadIsNothingElse) {
  Process thread = process_with({7, 2, 0, 0}, "kworker/0:1");
  thread.is_kernel_thread = true;
  EXPECT_EQ(classified(7, {init(), process_with({2, 0, 0, 0}), thread}).kind, ProcessKind::kernel);
}

TEST(Classify, AZombieNamesWhoOwesTheWait) {
  const auto found =
      classified(200, {init(), shell(100), in_state(process_with({200, 100, 200, 100}, "cc1"), ProcessState::zombie)});
  EXPECT_EQ(found.kind, ProcessKind::zombie);
  EXPECT_THAT(found.reason, HasSubstr("bash (100)"));
}

TEST(Classify, AnEndedMainThreadIsNoZombieWhileOthersGoOn) {
  Process process = in_state(process_with({200, 1, 200, 200}), ProcessState::zombie);
  process.threads = 2;
  EXPECT_EQ(classified(200, {init(), process}).kind, ProcessKind::daemon);
}

TEST(Classify, TheForegroundGroupDecidesBetweenJobs) {
  const std::vector<Process> processes{init(), terminal_emulator(), shell(200),
                                       on_terminal(process_with({200, 100, 200, 100}, "vi"), 200),
                                       on_terminal(process_with({201, 100, 201, 100}, "make"), 200)};
  EXPECT_EQ(classified(200, processes).kind, ProcessKind::foreground);
  EXPECT_EQ(classified(201, processes).kind, ProcessKind::background);
  EXPECT_EQ(classified(100, processes).kind, ProcessKind::background);
  EXPECT_THAT(classified(201, processes).reason, HasSubstr("group 200 is"));
}

TEST(Classify, AStoppedJobSaysSo) {
  const auto found =
      classified(200, {init(), terminal_emulator(), shell(100),
                       in_state(on_terminal(process_with({200, 100, 200, 100}), 100), ProcessState::stopped)});
  EXPECT_EQ(found.kind, ProcessKind::background);
  EXPECT_THAT(found.reason, HasSubstr("stopped"));
}

TEST(Classify, AJobWhoseSubshellHasEndedIsAnOrphanThatKeepsItsTerminal) {
  const auto found =
      classified(201, {init(), terminal_emulator(), shell(100), on_terminal(process_with({201, 1, 200, 100}), 100)});
  EXPECT_EQ(found.kind, ProcessKind::orphan);
  ASSERT_TRUE(found.adoption);
  EXPECT_EQ(found.adoption->by, Pid(1));
  EXPECT_EQ(found.adoption->certainty, Certainty::certain);
  EXPECT_THAT(found.reason, HasSubstr("pts/3"));
}

TEST(Classify, ASurvivorOfALogoutIsAnOrphanAndNoDaemon) {
  // nohup in an interactive shell: a group of its own in the session of a shell that has gone.
  EXPECT_EQ(classified(200, {init(), process_with({200, 1, 200, 100}, "sleep")}).kind, ProcessKind::orphan);
}

TEST(Classify, ADoubleForkLeavesADaemon) {
  const auto found = classified(201, {init(), process_with({201, 1, 200, 200}, "served")});
  EXPECT_EQ(found.kind, ProcessKind::daemon);
  ASSERT_TRUE(found.adoption);
  EXPECT_EQ(found.adoption->certainty, Certainty::certain);
}

TEST(Classify, ASessionLeaderWithoutATerminalIsADaemonWhoeverIsItsParent) {
  EXPECT_EQ(classified(200, {init(), process_with({200, 1, 200, 200})}).kind, ProcessKind::daemon);
  EXPECT_EQ(classified(200, {init(), terminal_emulator(), shell(100), process_with({200, 100, 200, 200})}).kind,
            ProcessKind::daemon);
}

TEST(Classify, AWorkerBelongsToItsDaemon) {
  const std::vector<Process> single{init(), process_with({200, 1, 200, 200}, "nginx"),
                                    process_with({201, 200, 200, 200}, "nginx")};
  EXPECT_EQ(classified(201, single).kind, ProcessKind::daemon);
  EXPECT_THAT(classified(201, single).reason, HasSubstr("nginx (200)"));
  const std::vector<Process> twice_forked{init(), process_with({201, 1, 200, 200}, "named"),
                                          process_with({202, 201, 202, 200}, "named")};
  EXPECT_EQ(classified(202, twice_forked).kind, ProcessKind::daemon);
}

TEST(Classify, WorkBelowALivingParentWithoutATerminalIsInTheBackground) {
  const auto found = classified(202, {init(), process_with({150, 1, 150, 150}, "runner"),
                                      process_with({200, 150, 200, 200}, "bash"), process_with({202, 200, 200, 200})});
  EXPECT_EQ(found.kind, ProcessKind::background);
  EXPECT_THAT(found.reason, HasSubstr("bash (200)"));
}

TEST(AdoptionOf, ASubreaperIsSeenByTheSessionItWasNeverIn) {
  const ProcessTable table({init(), process_with({90, 80, 80, 80}, "reaper"), process_with({201, 90, 200, 200})});
  const auto adoption = adoption_of(*table.find(Pid(201)), table);
  ASSERT_TRUE(adoption);
  EXPECT_EQ(adoption->by, Pid(90));
  EXPECT_EQ(adoption->certainty, Certainty::certain);
}

TEST(AdoptionOf, WithinOneSessionNothingIsClaimed) {
  const ProcessTable table({init(), process_with({90, 80, 80, 80}, "reaper"), process_with({201, 90, 200, 80})});
  EXPECT_FALSE(adoption_of(*table.find(Pid(201)), table));
}

TEST(AdoptionOf, AParentThatLeftTheSessionAfterTheBirthMayBeTheOriginal) {
  // 90 was born in session 80, made 95, and then called setsid.
  const ProcessTable alive(
      {init(), process_with({80, 1, 80, 80}), process_with({90, 80, 90, 90}), process_with({95, 90, 80, 80})});
  EXPECT_FALSE(adoption_of(*alive.find(Pid(95)), alive));
  const ProcessTable gone({init(), process_with({90, 1, 90, 90}), process_with({95, 90, 80, 80})});
  const auto adoption = adoption_of(*gone.find(Pid(95)), gone);
  ASSERT_TRUE(adoption);
  EXPECT_EQ(adoption->certainty, Certainty::likely);
}

TEST(AdoptionOf, WhatSystemdStartedItHasNotAdopted) {
  Process unit = process_with({200, 1, 200, 200}, "cron");
  unit.cgroup = "/system.slice/cron.service";
  Process leftover = process_with({300, 1, 300, 300}, "work");
  leftover.cgroup = "/user.slice/user-1000.slice/session-3.scope";
  const ProcessTable table({init(), unit, leftover});
  EXPECT_FALSE(adoption_of(*table.find(Pid(200)), table));
  EXPECT_TRUE(adoption_of(*table.find(Pid(300)), table));
}

TEST(ProcessTable, FindsRelativesAndForgivesDoubles) {
  Process older = process_with({200, 100, 200, 100}, "old");
  Process newer = older;
  newer.name = "new";
  newer.start_ticks += 1;
  const ProcessTable table({newer, init(), shell(100), older, process_with({300, 100, 200, 100})});
  ASSERT_EQ(table.processes().size(), 4U);
  EXPECT_EQ(table.find(Pid(200))->name, "new");
  EXPECT_EQ(table.children_of(Pid(100)).size(), 2U);
  EXPECT_EQ(table.children_of(Pid(300)).size(), 0U);
  EXPECT_EQ(table.group(Pgid(200)).size(), 2U);
  EXPECT_EQ(table.session_leader_of(*table.find(Pid(300)))->pid, Pid(100));
  EXPECT_EQ(table.parent_of(*table.find(Pid(100))), nullptr);
}

TEST(Terminal, IsCalledAsItsDevice) {
  EXPECT_EQ((Terminal{.major = 136, .minor = 3}.name()), "pts/3");
  EXPECT_EQ((Terminal{.major = 136, .minor = 1000}.name()), "pts/1000");
  EXPECT_EQ((Terminal{.major = 4, .minor = 1}.name()), "tty1");
  EXPECT_EQ((Terminal{.major = 4, .minor = 64}.name()), "ttyS0");
  EXPECT_EQ((Terminal{.major = 999, .minor = 5}.name()), "999:5");
}

TEST(CommandLine, IsTheNameInBracketsWithoutArguments) {
  Process process = process_with({7, 2, 0, 0}, "kthreadd");
  EXPECT_EQ(command_line(process), "[kthreadd]");
  process.arguments = {"nginx: master", "", "", ""};
  EXPECT_EQ(command_line(process), "nginx: master");
}

}  // namespace
}  // namespace foster
