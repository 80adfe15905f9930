// Each thing that can go wrong, made to go wrong: the error names step, thing and cause, and nothing is left behind.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <foster/spawn.hpp>
#include "support/temporary_directory.hpp"
#include "unit/lib/children.hpp"

namespace foster {
namespace {

using namespace testing;

/// The error of a spawn in each of the ways to start one, which must be the same.
Error error_of(SpawnPlan plan) {
  const std::size_t fds = open_fd_count();
  std::optional<Error> first;
  for (const TieToParent tie : {TieToParent::none, TieToParent::process, TieToParent::tree}) {
    plan.tie_to_parent = tie;
    const auto child = spawn(plan);
    EXPECT_FALSE(child) << "it started";
    if (child) return {};
    if (first) {
      EXPECT_EQ(child.error(), *first);
    }
    first = child.error();
    EXPECT_TRUE(has_no_children());
  }
  plan.tie_to_parent = TieToParent::none;
  if (const auto detached = spawn_detached(plan); !detached) {
    EXPECT_EQ(detached.error(), *first);
  }
  EXPECT_TRUE(has_no_children());
  EXPECT_EQ(open_fd_count(), fds);
  return *first;
}

TEST(SpawnFailure, NoWordsAreNoProgram) {
  EXPECT_EQ(error_of({}), (Error{"spawn", EINVAL, "no program"}));
}

TEST(SpawnFailure, AMissingProgramIsNamed) {
  EXPECT_EQ(to_string(error_of(command({"/no/such"}))), "find program /no/such: No such file or directory");
  SpawnPlan plan = command({"no-such-program"});
  plan.environment.changes["PATH"] = "/usr/bin:/bin";
  EXPECT_EQ(to_string(error_of(plan)), "find program no-such-program: No such file or directory");
}

TEST(SpawnFailure, AMissingInterpreterIsFoundOutByExec) {
  const TemporaryDirectory directory;
  write_file(directory.path("script"), "#!/no/such/interpreter\n");
  ASSERT_EQ(::chmod(directory.path("script").c_str(), 0755), 0);
  EXPECT_EQ(to_string(error_of(command({directory.path("script")}))),
            "exec " + directory.path("script") + " (its interpreter): No such file or directory");
}

TEST(SpawnFailure, AZeroByteIsRefusedInsteadOfCuttingTheWord) {
  EXPECT_EQ(error_of(command({"echo", std::string("a\0b", 3)})).code, EINVAL);
  SpawnPlan plan = command({"true"});
  plan.environment.changes["NAME"] = std::string("a\0b", 3);
  EXPECT_EQ(error_of(plan), (Error{"environment", EINVAL, "NAME"}));
  plan.environment.changes = {{"NA=ME", "value"}};
  EXPECT_EQ(error_of(plan), (Error{"environment", EINVAL, "NA=ME"}));
}

TEST(SpawnFailure, AMissingDirectoryIsNamed) {
  SpawnPlan plan = command({"/bin/true"});
  plan.directory = "/no/such";
  EXPECT_EQ(to_string(error_of(plan)), "chdir /no/such: No such file or directory");
}

TEST(SpawnFailure, AFileThatCannotBeOpenedIsNamed) {
  SpawnPlan plan = command({"true"});
  plan.fds[0] = FileFd{"/no/such"};
  EXPECT_EQ(to_string(error_of(plan)), "open /no/such: No such file or directory");
}

TEST(SpawnFailure, AnUnknownUserIsNamed) {
  SpawnPlan plan = command({"true"});
  plan.identity = {.user = "www-dat"};
  EXPECT_EQ(to_string(error_of(plan)), "user www-dat: no such user");
}

TEST(SpawnFailure, AnUnknownCgroupIsNamed) {
  SpawnPlan plan = command({"true"});
  plan.cgroup = "/no/such";
  EXPECT_EQ(error_of(plan).code, ENOENT);
}

TEST(SpawnFailure, ALimitAboveTheHardOneIsNamed) {
  const int code = in_forked_process([] {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 2;
    SpawnPlan plan = command({"true"});
    rlimit limit{};
    (void)::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_max = limit.rlim_cur = 0;
    (void)::setrlimit(RLIMIT_CORE, &limit);
    plan.limits = {{RLIMIT_CORE, 1, 1}};
    return error_of(plan) == Error{"limit", EPERM, "core"} ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnFailure, ASignalThatCannotBeIgnoredIsRefused) {
  SpawnPlan plan = command({"true"});
  plan.ignored_signals = {*Signal::from_number(SIGKILL)};
  EXPECT_EQ(error_of(plan), (Error{"ignore", EINVAL, "SIGKILL"}));
}

TEST(SpawnFailure, AnotherUserCannotBeBecomeWithoutRights) {
  const int code = in_forked_process([] {
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0)) return 2;
    SpawnPlan plan = command({"true"});
    plan.identity = {.user = "12345"};
    const Error error = error_of(plan);
    return error.step == "setgroups" && error.code == EPERM ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnFailure, NoDescriptorLeftIsReported) {
  const int code = in_forked_process([] {
    SpawnPlan plan = command({"/bin/true"});
    plan.fds[0] = PipeFd{};
    const rlim_t enough = open_fd_count();
    const rlimit limit{enough, enough};
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    std::vector<UniqueFd> taken;
    for (int fd = 0; fd >= 0;) taken.emplace_back(fd = ::dup(STDERR_FILENO));
    if (const auto child = spawn(plan); child || child.error().code != EMFILE) return 1;
    plan.fds.clear();  // not even the pidfd
    if (const auto child = spawn(plan); child || child.error() != Error{"clone", EMFILE, "/bin/true"}) return 2;
    if (const auto child = spawn_detached(plan); child || child.error().code != EMFILE) return 3;
    plan.tie_to_parent = TieToParent::tree;
    if (const auto child = spawn(plan); child || child.error().code != EMFILE) return 4;
    return has_no_children() ? 0 : 5;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnFailure, NoProcessToBeHadIsReported) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a user with no other processes";
  const int code = in_forked_process([] {
    constexpr uid_t kLonely = 54321;
    const rlimit limit{1, 1};  // this process alone
    (void)::setrlimit(RLIMIT_NPROC, &limit);
    if (::setgroups(0, nullptr) != 0 || ::setgid(kLonely) != 0 || ::setuid(kLonely) != 0) return 2;
    SpawnPlan plan = command({"/bin/true"});
    if (const auto child = spawn(plan); child || child.error() != Error{"clone", EAGAIN, "/bin/true"}) return 3;
    if (const auto child = spawn_detached(plan); child || child.error().code != EAGAIN) return 4;
    plan.tie_to_parent = TieToParent::tree;
    if (const auto child = spawn(plan); child || child.error() != Error{"fork", EAGAIN, "guardian"}) return 5;
    plan.tie_to_parent = TieToParent::process;
    if (const auto child = spawn(plan); child || child.error() != Error{"tie thread", EAGAIN, ""}) return 6;
    return has_no_children() ? 0 : 7;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace foster
