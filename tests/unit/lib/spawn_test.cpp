// What a plan says, seen by the program itself or in its /proc.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <sstream>

#include <foster/spawn.hpp>
#include "support/scoped_environment.hpp"
#include "support/temporary_directory.hpp"
#include "unit/lib/children.hpp"

namespace foster {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(SpawnCommand, GivesTheProgramItsWordsUnsplitAndUnexpanded) {
  EXPECT_EQ(output_of(command({"/usr/bin/printf", "[%s]", "*", "two words", "$HOME", ""})), "[*][two words][$HOME][]");
}

TEST(SpawnCommand, FindsTheProgramAlongThePath) {
  EXPECT_EQ(output_of(command({"echo", "found"})), "found\n");
}

TEST(SpawnCommand, UsesThePathThatTheProgramWillSee) {
  const TemporaryDirectory directory;
  const std::string script = directory.path("greet");
  write_file(script, "#!/bin/sh\necho hello\n");
  ASSERT_EQ(::chmod(script.c_str(), 0755), 0);
  SpawnPlan plan = command({"greet"});
  EXPECT_FALSE(spawn(plan));
  plan.environment.changes["PATH"] = directory.path();
  EXPECT_EQ(output_of(plan), "hello\n");
}

TEST(SpawnCommand, RunsAnotherProgramThanItsFirstWordSays) {
  SpawnPlan plan = command({"-login", "-c", "echo $0"});
  plan.program = "/bin/sh";
  EXPECT_EQ(output_of(plan), "-login\n");
}

TEST(SpawnShell, CarriesOutTheLine) {
  SpawnPlan plan = shell("echo $(( $1 + 2 )) | tr 3 x");
  plan.argv.insert(plan.argv.end(), {"sh", "1"});
  EXPECT_EQ(output_of(plan), "x\n");
}

TEST(SpawnEnvironment, IsOursWithTheChanges) {
  ScopedEnvironment ours;
  ours.set("FOSTER_TEST_KEPT", "kept");
  ours.set("FOSTER_TEST_CHANGED", "old");
  ours.set("FOSTER_TEST_REMOVED", "old");
  SpawnPlan plan = command({"env"});
  plan.environment.changes = {{"FOSTER_TEST_CHANGED", "new=er"}, {"FOSTER_TEST_REMOVED", std::nullopt}};
  const auto lines = lines_of(output_of(plan));
  EXPECT_THAT(lines, Contains("FOSTER_TEST_KEPT=kept"));
  EXPECT_THAT(lines, Contains("FOSTER_TEST_CHANGED=new=er"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("FOSTER_TEST_REMOVED"))));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("=old"))));
}

TEST(SpawnEnvironment, HoldsNothingButTheChangesWhenItStartsEmpty) {
  SpawnPlan plan = command({"env"});
  plan.environment = {.base = EnvironmentPlan::Base::empty, .changes = {{"A", "1"}, {"B", ""}}};
  EXPECT_EQ(output_of(plan), "A=1\nB=\n");
}

TEST(SpawnDirectory, IsWhereTheProgramStarts) {
  SpawnPlan plan = command({"pwd"});
  plan.directory = "/usr";
  EXPECT_EQ(output_of(plan), "/usr\n");
}

TEST(SpawnSession, StaysOursUnlessItIsSaid) {
  Cat cat;
  const auto stat = stat_of(cat.pid());
  EXPECT_EQ(stat[2], std::to_string(::getpgid(0)));
  EXPECT_EQ(stat[3], std::to_string(::getsid(0)));
}

TEST(SpawnSession, OfItsOwnHasNoTerminal) {
  Cat cat({.session = ChildSession::new_session});
  const auto stat = stat_of(cat.pid());
  EXPECT_EQ(stat[2], std::to_string(cat.pid()));
  EXPECT_EQ(stat[3], std::to_string(cat.pid()));
  EXPECT_EQ(stat[4], "0");
}

TEST(SpawnGroup, OfItsOwnStaysInOurSession) {
  Cat cat({.session = ChildSession::new_group});
  const auto stat = stat_of(cat.pid());
  EXPECT_EQ(stat[2], std::to_string(cat.pid()));
  EXPECT_EQ(stat[3], std::to_string(::getsid(0)));
}

TEST(SpawnAttributes, AreThoseOfThePlan) {
  Cat cat({.nice = 5,
           .limits = {{RLIMIT_NOFILE, 77, 88}, {RLIMIT_CORE, 0, 0}},
           .umask = 037,
           .new_privileges = NewPrivileges::never});
  auto status = status_of(cat.pid());
  EXPECT_EQ(status["Umask"], "0037");
  EXPECT_EQ(status["NoNewPrivs"], "1");
  EXPECT_EQ(stat_of(cat.pid())[16], "5");
  rlimit limit{};
  ASSERT_EQ(::prlimit(cat.pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, 77U);
  EXPECT_EQ(limit.rlim_max, 88U);
}

TEST(SpawnSignals, StartAtTheirDefaultsWhateverTheyAreHere) {
  const int code = in_forked_process([] {
    (void)::signal(SIGPIPE, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    (void)::sigprocmask(SIG_BLOCK, &all, nullptr);
    Cat cat;
    auto status = status_of(cat.pid());
    return status["SigIgn"] == "0000000000000000" && status["SigBlk"] == "0000000000000000" ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnSignals, IgnoredOnesAreThoseOfThePlanAlone) {
  Cat cat({.ignored_signals = {*Signal::from_number(SIGHUP), *Signal::from_number(64)}});
  EXPECT_EQ(status_of(cat.pid())["SigIgn"], "8000000000000001");
}

TEST(SpawnDescriptors, AboveTheStandardOnesAreClosedUnlessKept) {
  const UniqueFd open(::dup(STDERR_FILENO));
  Cat closed;
  EXPECT_EQ(open_fds_of(closed.pid()), (std::set{0, 1, 2}));
  Cat kept({.remaining_fds = RemainingFds::kept});
  EXPECT_TRUE(open_fds_of(kept.pid()).contains(open.get()));
}

TEST(SpawnIdentity, IsTheUserWithItsGroups) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  SpawnPlan plan = command({"id", "-u"});
  plan.identity = {.user = "nobody"};
  EXPECT_EQ(output_of(plan), output_of(command({"id", "-u", "nobody"})));
  plan.argv = {"id", "-G"};
  EXPECT_EQ(output_of(plan), output_of(command({"id", "-G", "nobody"})));
  plan.identity = {.user = "12345", .group = "daemon"};
  plan.argv = {"sh", "-c", "id -u; id -G"};
  EXPECT_EQ(output_of(plan), "12345\n" + output_of(shell("getent group daemon | cut -d: -f3")));
}

TEST(SpawnIdentity, OfOneselfNeedsNoRights) {
  SpawnPlan plan = command({"id", "-u"});
  plan.identity = {.user = std::to_string(::geteuid())};
  const auto code = in_forked_process([&] {
    if (::geteuid() == 0) {
      plan.identity->user = "65534";
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 2;
    }
    return output_of(plan) == std::to_string(::geteuid()) + "\n" ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnPlanValue, StartsAsOftenAsItIsAskedTo) {
  const SpawnPlan plan = command({"echo", "again"});
  EXPECT_EQ(output_of(plan), "again\n");
  const SpawnPlan copy = plan;
  EXPECT_EQ(output_of(copy), "again\n");
}

}  // namespace
}  // namespace foster
