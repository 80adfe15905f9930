// CPU quotas as the kernel writes them, and in the real tree where there is one to write to.
#include "sys/cpu_quota.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/temporary_directory.hpp"
#include "sys/cgroup.hpp"

namespace foster::sys {
namespace {

using foster::testing::TemporaryDirectory;
using foster::testing::write_file;

TEST(CpuMax, IsQuotaByPeriod) {
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("50000 100000"), 0.5);
}

TEST(CpuMax, MaxAndWhatIsNoQuotaDoNotLimit) {
  for (const char* text : {"max 100000\n", "", "\n", "100000", "100000 0", "0 100000", "-1 100000", "1e5 100000",
                           "100000 ten", "99999999999999999999 1"}) {
    EXPECT_EQ(parse_cpu_max(text), std::nullopt) << text;
  }
}

TEST(CfsQuota, MinusOneDoesNotLimit) {
  EXPECT_EQ(parse_cfs_quota("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(parse_cfs_quota("250000\n", "100000\n"), 2.5);
}

TEST(CgroupV1, TheGroupIsFoundByOneOfTheNamesOfItsHierarchy) {
  constexpr std::string_view kText =
      "12:cpuset:/other\n"
      "4:cpu,cpuacct:/docker/4f\n"
      "1:name=systemd:/a:b\n"
      "0::/unified\n";
  EXPECT_EQ(parse_cgroup_v1(kText, "cpu"), "/docker/4f");
  EXPECT_EQ(parse_cgroup_v1(kText, "cpuacct"), "/docker/4f");
  EXPECT_EQ(parse_cgroup_v1(kText, "name=systemd"), "/a:b");
  EXPECT_EQ(parse_cgroup_v1(kText, "memory"), std::nullopt);
  EXPECT_EQ(parse_cgroup_v1("4\n5:\n\n6:cpu", "cpu"), std::nullopt);
}

TEST(CgroupMount, AControllersHierarchyIsFoundByItsOptions) {
  constexpr std::string_view kText =
      "30 25 0:26 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
      "31 25 0:27 /docker/4f /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
      "33 25 0:29 / /short rw - cgroup\n";
  const auto mount = parse_cgroup_mount(kText, "cpu");
  ASSERT_TRUE(mount.has_value());
  EXPECT_EQ(mount->mount_point, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(mount->root, "/docker/4f");
  EXPECT_EQ(parse_cgroup_mount(kText, "memory"), std::nullopt);
  EXPECT_EQ(parse_cgroup_mount(kText)->mount_point, "/sys/fs/cgroup/unified");
}

TEST(SmallestQuota, CountsEveryGroupUpToTheMount) {
  TemporaryDirectory tree;
  std::filesystem::create_directories(tree.path("mount/a/b/c"));
  write_file(tree.path("cpu.max"), "1000 100000");  // above the mount
  write_file(tree.path("mount/a/cpu.max"), "150000 100000");
  write_file(tree.path("mount/a/b/cpu.max"), "max 100000");
  write_file(tree.path("mount/a/b/c/cpu.cfs_quota_us"), "400000");
  write_file(tree.path("mount/a/b/c/cpu.cfs_period_us"), "100000");
  EXPECT_EQ(smallest_quota(tree.path("mount"), tree.path("mount/a/b/c")), 1.5);
  EXPECT_EQ(smallest_quota(tree.path("mount"), tree.path("mount/a")), 1.5);
  EXPECT_EQ(smallest_quota(tree.path("mount"), tree.path("mount")), std::nullopt);
  EXPECT_EQ(smallest_quota(tree.path("mount/a/b"), tree.path("mount/a/b/c")), 4.0);
}

}  // namespace
}  // namespace foster::sys
