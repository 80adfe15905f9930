#include "sys/cgroup.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "sys/facilities.hpp"
#include "sys/files.hpp"

namespace foster::sys {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CgroupFileName, KeepsPlainNamesAndEscapesTheRest) {
  EXPECT_EQ(cgroup_file_name("web:0"), "web:0");
  EXPECT_EQ(cgroup_file_name("cgroup.procs"), "cgroup%2Eprocs");
  EXPECT_EQ(cgroup_file_name(".."), "%2E%2E");
  EXPECT_EQ(cgroup_file_name("a/b%\n"), "a%2Fb%25%0A");
}

TEST(ParseCgroupMount, FindsVersionTwoInAnyPlace) {
  const auto hybrid = parse_cgroup_mount(
      "25 24 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "26 25 0:23 / /sys/fs/cgroup/cpu rw,relatime shared:5 master:7 - cgroup cgroup rw,cpu\n"
      "35 25 0:32 /docker/a\\040b /sys/fs/cgroup/uni\\040fied rw - cgroup2 none rw\n");
  ASSERT_TRUE(hybrid);
  EXPECT_EQ(hybrid->mount_point, "/sys/fs/cgroup/uni fied");
  EXPECT_EQ(hybrid->root, "/docker/a b");
  EXPECT_FALSE(parse_cgroup_mount("26 25 0:23 / /x rw - cgroup cgroup rw\n"));
  EXPECT_FALSE(parse_cgroup_mount("a b c d e -\n\n- cgroup2\n"));
}

TEST(CgroupDirectory, IsRelativeToWhatIsMounted) {
  EXPECT_EQ(cgroup_directory({"/cg", "/"}, "/"), "/cg");
  EXPECT_EQ(cgroup_directory({"/cg", "/"}, "/a/b"), "/cg/a/b");
  EXPECT_EQ(cgroup_directory({"/cg", "/a"}, "/a/b"), "/cg/b");
  EXPECT_EQ(cgroup_directory({"/cg", "/a"}, "/a"), "/cg");
  EXPECT_EQ(cgroup_directory({"/cg", "/a"}, "/ab"), std::nullopt);
  EXPECT_EQ(cgroup_directory({"/cg", "/"}, "/../outside"), std::nullopt);
}

TEST(CgroupTree, IsAbsentWhenSwitchedOff) {
  forbid_facilities_for_testing("cgroup");
  EXPECT_FALSE(CgroupTree::find_writable("foster-cgroup-test"));
  forbid_facilities_for_testing("");
}

/// With the real tree of this machine, where there is one we may write to; cgroup.kill, and without it.
class CgroupOnThisMachine : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    forbid_facilities_for_testing(GetParam());
    tree = CgroupTree::find_writable("foster-cgroup-test-" + std::to_string(::getpid()));
    if (!tree) GTEST_SKIP() << "no writable cgroup v2 here";
    // Grandchildren become ours to reap.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  }
  void TearDown() override {
    if (tree) {
      for (const auto& entry : std::filesystem::directory_iterator(tree->path())) {
        if (entry.is_directory()) (void)Cgroup::open(entry.path())->kill();
      }
      while (::waitpid(-1, nullptr, 0) > 0) {
      }
      ::prctl(PR_SET_CHILD_SUBREAPER, 0);
      EXPECT_TRUE(tree->remove());
      EXPECT_FALSE(std::filesystem::exists(tree->path()));
    }
    forbid_facilities_for_testing("");
  }

  /// Puts itself into the group, then does what it is told and waits for ever.
  template <class Deed>
  static Pid start_in(const Cgroup& group, Deed deed) {
    const auto procs = open_at(group.fd(), "cgroup.procs", O_WRONLY).value();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const UniqueFd out(ends[0]);
    UniqueFd in(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::write(procs.get(), "0", 1) != 1) ::_exit(1);
      std::signal(SIGTERM, SIG_IGN);
      deed();
      (void)!::write(in.get(), "x", 1);
      for (;;) ::pause();
    }
    in.reset();
    char byte;
    EXPECT_EQ(::read(out.get(), &byte, 1), 1);
    return Pid(child);
  }

  static bool await_empty(const Cgroup& group) {
    const auto events = open_at(group.fd(), "cgroup.events", O_RDONLY).value();
    for (;;) {
      if (!group.is_populated().value()) return true;
      char text[256];
      (void)!::pread(events.get(), text, sizeof text, 0);  // arms the next POLLPRI
      if (!group.is_populated().value()) return true;
      pollfd poll{events.get(), POLLPRI, 0};
      if (::poll(&poll, 1, 10'000) != 1) return false;
    }
  }

  std::optional<CgroupTree> tree;
};

TEST_P(CgroupOnThisMachine, KnowsItsMembersAndKillsThemAll) {
  const auto group = tree->make("web:0").value();
  EXPECT_FALSE(group.is_populated().value());
  EXPECT_THAT(group.pids().value(), IsEmpty());
  const Pid first = start_in(group, [] {});
  EXPECT_TRUE(group.is_populated().value());
  EXPECT_THAT(group.pids().value(), ElementsAre(first));
  // A grandchild in a session of its own that ignores SIGTERM.
  start_in(group, [] {
    if (::fork() == 0) {
      ::setsid();
      for (;;) ::pause();
    }
  });
  EXPECT_EQ(group.pids().value().size(), 3U);
  EXPECT_EQ(group.remove().error().code, EBUSY);
  ASSERT_TRUE(group.kill());
  EXPECT_TRUE(await_empty(group));
  EXPECT_TRUE(group.remove());
  EXPECT_TRUE(group.remove()) << "gone already";
  EXPECT_FALSE(group.is_populated().value());
}

TEST_P(CgroupOnThisMachine, ReachesGroupsThatAServiceMadeBelow) {
  const auto group = tree->make("nested").value();
  ASSERT_EQ(::mkdir((group.path() + "/a").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((group.path() + "/a/b").c_str(), 0755), 0);
  const Pid deep = start_in(Cgroup::open(group.path() + "/a/b").value(), [] {});
  EXPECT_TRUE(group.is_populated().value());
  EXPECT_THAT(group.pids().value(), ElementsAre(deep));
  ASSERT_TRUE(group.kill());
  EXPECT_TRUE(await_empty(group));
  EXPECT_TRUE(group.remove());
  EXPECT_FALSE(tree->find("nested"));
}

TEST_P(CgroupOnThisMachine, KillsWhatForksAsFastAsItCan) {
  const auto group = tree->make("bomb").value();
  start_in(group, [] {
    if (::fork() > 0) return;
    // Each generation starts the next and ends: a list of pids is old before it is read.
    for (;;) {
      if (::fork() > 0) ::_exit(0);
    }
  });
  ASSERT_TRUE(group.kill());
  EXPECT_TRUE(await_empty(group));
}

TEST_P(CgroupOnThisMachine, TakesAProcessThatIsMoved) {
  const auto group = tree->make("moved").value();
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  ASSERT_TRUE(group.add(Pid(child)));
  EXPECT_THAT(group.pids().value(), ElementsAre(Pid(child)));
  EXPECT_THAT(CgroupTree::reopen(tree->path())->find("moved")->pids().value(), ElementsAre(Pid(child)));
}

TEST_P(CgroupOnThisMachine, CanBeUsedAgainAfterAKill) {
  const auto group = tree->make("again").value();
  start_in(group, [] {});
  ASSERT_TRUE(group.kill());
  ASSERT_TRUE(await_empty(group));
  const auto anew = tree->make("again").value();
  const Pid next = start_in(anew, [] {});
  EXPECT_THAT(anew.pids().value(), ElementsAre(next));
}

INSTANTIATE_TEST_SUITE_P(BothWays, CgroupOnThisMachine, ::testing::Values("", "cgroup_kill"),
                         [](const auto& chosen) { return *chosen.param == '\0' ? "WithCgroupKill" : "OneByOne"; });

}  // namespace
}  // namespace foster::sys
