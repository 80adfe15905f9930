// Each rule from values; real daemons are judged in tests/e2e/see_lint_test.cpp.
#include "insight/lint.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace foster::insight {
namespace {

std::uint64_t bit(int signal) {
  return std::uint64_t{1} << static_cast<unsigned>(signal - 1);
}

/// A daemon without fault, to be spoilt.
struct Subject {
  Process process;
  Facts facts;
  Circumstances circumstances{.pins_a_mount = false};
  std::vector<Process> others;

  Subject() {
    process.pid = Pid(201);
    process.parent = Pid(1);
    process.group = Pgid(200);
    process.session = Sid(200);
    process.start_ticks = 100;
    process.name = "served";
    facts.descriptors = {{0, "/dev/null"}, {1, "/var/log/served.log"}, {2, "/var/log/served.log"}, {3, "socket:[5]"}};
    facts.directory = "/";
    facts.status.emplace();
    facts.status->umask = 022;
    facts.status->uid = {.real = 33, .effective = 33, .saved = 33, .filesystem = 33};
    facts.status->ignored = bit(SIGPIPE);
    facts.status->caught = bit(SIGHUP) | bit(SIGTERM);
    Process init;
    init.pid = Pid(1);
    init.name = "init";
    others.push_back(init);
  }

  std::vector<Finding> findings() const {
    auto processes = others;
    processes.push_back(process);
    const View view(ProcessTable(processes), [](Pid, std::string_view) { return std::optional<std::string>(); });
    return lint(*view.table().find(process.pid), view, facts, circumstances);
  }
  std::string of(std::string_view rule) const {
    for (const Finding& finding : findings()) {
      if (finding.rule == rule) return std::string(to_string(finding.verdict));
    }
    return "no such rule";
  }
};

TEST(Lint, PassesADaemonWithoutFault) {
  const Subject subject;
  for (const Finding& finding : subject.findings()) {
    EXPECT_EQ(finding.verdict, Verdict::pass) << finding.rule << ": " << finding.evidence;
    EXPECT_TRUE(finding.fix.empty());
    EXPECT_FALSE(finding.evidence.empty());
  }
  EXPECT_EQ(worst_of(subject.findings()), Verdict::pass);
}

TEST(Lint, EveryFaultHasAFix) {
  Subject subject;
  subject.process.terminal = foster::Terminal{.major = 136, .minor = 0};
  subject.facts.status->umask = 0;
  subject.facts.descriptors->erase(subject.facts.descriptors->begin());
  EXPECT_EQ(worst_of(subject.findings()), Verdict::fail);
  for (const Finding& finding : subject.findings()) {
    EXPECT_EQ(finding.fix.empty(), finding.verdict == Verdict::pass) << finding.rule;
  }
  EXPECT_EQ(subject.of("no-terminal"), "fail");
  EXPECT_EQ(subject.of("umask"), "fail");
  EXPECT_EQ(subject.of("standard-streams"), "fail") << "0 is closed";
}

TEST(Lint, ASessionLeaderMayGetATerminal) {
  Subject subject;
  subject.process.session = Sid(201);
  EXPECT_EQ(subject.of("cannot-get-a-terminal"), "warn");
  EXPECT_EQ(subject.of("own-session"), "pass");
}

TEST(Lint, ADescriptorFromWhoeverStartedItIsAFault) {
  Subject subject;
  subject.facts.descriptors->push_back({47, "pipe:[99]"});
  EXPECT_EQ(subject.of("inherited-descriptors"), "pass") << "a pipe of its own";
  subject.circumstances.planted_descriptor = "pipe:[99]";
  EXPECT_EQ(subject.of("inherited-descriptors"), "fail");
  subject.circumstances.planted_descriptor.clear();
  subject.facts.descriptors->push_back({48, "/dev/pts/4"});
  EXPECT_EQ(subject.of("inherited-descriptors"), "fail");
}

TEST(Lint, ADeletedLogIsAFaultAndADeletedScratchFileADoubt) {
  Subject subject;
  subject.facts.descriptors->push_back({9, "/tmp/scratch (deleted)"});
  EXPECT_EQ(subject.of("deleted-files"), "warn");
  subject.facts.descriptors->at(1).target = "/srv/out (deleted)";
  EXPECT_EQ(subject.of("deleted-files"), "fail");
  Subject memory;
  memory.facts.descriptors->push_back({9, "/memfd:buffer (deleted)"});
  EXPECT_EQ(memory.of("deleted-files"), "pass");
}

TEST(Lint, APidfileIsRightAndLockedOrAFinding) {
  Subject subject;
  subject.facts.pidfiles = {{.path = "/run/served.pid", .is_locked = true}};
  EXPECT_EQ(subject.of("pidfile"), "pass");
  subject.facts.pidfiles[0].is_locked = false;
  EXPECT_EQ(subject.of("pidfile"), "warn");
  subject.circumstances.wrong_pidfiles = {"/run/served.pid"};
  EXPECT_EQ(subject.of("pidfile"), "fail");
}

TEST(Lint, RootIsADoubtAndAWayBackToItAFault) {
  Subject subject;
  subject.facts.status->uid = {.real = 0, .effective = 0, .saved = 0, .filesystem = 0};
  EXPECT_EQ(subject.of("privileges"), "warn");
  subject.facts.status->uid = {.real = 33, .effective = 33, .saved = 0, .filesystem = 33};
  EXPECT_EQ(subject.of("privileges"), "fail");
}

TEST(Lint, WhatCannotBeSeenIsADoubtAndNeverAFault) {
  Subject subject;
  subject.facts = {};
  for (const Finding& finding : subject.findings()) EXPECT_NE(finding.verdict, Verdict::fail) << finding.rule;
  EXPECT_EQ(subject.of("standard-streams"), "warn");
  EXPECT_EQ(subject.of("umask"), "warn");
}

TEST(Lint, ZombiesOfItsOwnAreAFault) {
  Subject subject;
  Process zombie;
  zombie.pid = Pid(300);
  zombie.parent = Pid(201);
  zombie.start_ticks = 200;
  zombie.state = ProcessState::zombie;
  subject.others.push_back(zombie);
  EXPECT_EQ(subject.of("children-reaped"), "fail");
}

}  // namespace
}  // namespace foster::insight
