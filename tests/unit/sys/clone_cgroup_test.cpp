// Born in a cgroup, or moved there before exec: the program must not see a difference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_cgroup.hpp"
#include "sys/clone.hpp"
#include "sys/facilities.hpp"
#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using namespace testing;
using foster::testing::TemporaryCgroup;
using ::testing::EndsWith;

std::string cgroup_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line;
  }
  return {};
}

class SpawnIntoCgroup : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!cgroup.exists()) GTEST_SKIP() << "no writable cgroup v2 tree here";
    if (GetParam() == std::string("clone3")) FOSTER_SKIP_PLAIN_CLONE_UNDER_TSAN();
    forbid_facilities_for_testing(GetParam());
  }
  void TearDown() override { forbid_facilities_for_testing(""); }

  TemporaryCgroup cgroup;
};

TEST_P(SpawnIntoCgroup, TheProgramStartsInIt) {
  SpawnRequest request;
  request.cgroup = cgroup.directory();
  Cat cat(request);
  EXPECT_THAT(cgroup_of(cat.pid()), EndsWith(cgroup.name()));
  cat.finish();
}

TEST_P(SpawnIntoCgroup, OtherStepsFailAsEver) {
  for (int round = 0; round < 20; ++round) {
    SpawnRequest request = request_for({"/no/such/program"});
    request.cgroup = cgroup.directory();
    const auto spawned = spawn(request);
    ASSERT_FALSE(spawned);
    EXPECT_EQ(to_string(spawned.error()), "exec /no/such/program: No such file or directory");
    EXPECT_TRUE(has_no_children());
  }
}

TEST_P(SpawnIntoCgroup, GrandparentsChildIsBornThereToo) {
  const int code = in_forked_process([&] {
    Pipe said = make_pipe();
    const pid_t middle = ::fork();
    if (middle == 0) {
      SpawnRequest request = shell("read line < /proc/self/cgroup; grep -q '" + cgroup.name() + "$' /proc/self/cgroup");
      request.parent = Parent::grandparent;
      request.cgroup = cgroup.directory();
      auto spawned = spawn(request);
      const pid_t pid = spawned ? spawned->pid.number() : 0;
      ::_exit(::write(said.writer.get(), &pid, sizeof pid) == sizeof pid ? 0 : 3);
    }
    pid_t sibling = 0;
    if (::read(said.reader.get(), &sibling, sizeof sibling) != sizeof sibling || sibling == 0) return 10;
    if (!await_exit(Pid(middle))) return 11;
    const auto report = await_exit(Pid(sibling));
    return report && report->wait_status == 0 ? 0 : 12;
  });
  EXPECT_EQ(code, 0);
}

INSTANTIATE_TEST_SUITE_P(, SpawnIntoCgroup, ::testing::Values("", "clone_into_cgroup", "clone3"),
                         [](const auto& test) -> std::string {
                           const std::string without = test.param;
                           if (without.empty()) return "ByClone";
                           return without == "clone3" ? "ByCgroupProcsAfterPlainClone" : "ByCgroupProcs";
                         });

}  // namespace
}  // namespace foster::sys
