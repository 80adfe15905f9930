// The number of processors this process may use, against what the kernel is made to allow.
#include <foster/available_cpus.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

#include "unit/sys/spawning.hpp"

namespace foster {
namespace {

using sys::testing::in_forked_process;

/// A group of its own for the calling process, in the v1 hierarchy of the cpu controller or in v2; 77 when there is
/// none to be had.
class QuotaGroup {
 public:
  explicit QuotaGroup(const std::string& hierarchy)
      : path_(hierarchy + "/foster-test-" + std::to_string(::getpid())), procs_(hierarchy + "/cgroup.procs") {
    is_made_ = ::mkdir(path_.c_str(), 0755) == 0;
  }
  ~QuotaGroup() {
    if (!is_made_) return;
    write(procs_, "0");
    ::rmdir(path_.c_str());
  }
  QuotaGroup(const QuotaGroup&) = delete;
  QuotaGroup& operator=(const QuotaGroup&) = delete;

  bool enter(const std::string& file, const std::string& quota) {
    return is_made_ && write(path_ + "/" + file, quota) && write(path_ + "/cgroup.procs", "0");
  }

 private:
  static bool write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    return static_cast<bool>(file) && static_cast<bool>(file << text << std::flush);
  }
  std::string path_;
  std::string procs_;
  bool is_made_ = false;
};

TEST(AvailableCpus, AreNoMoreThanTheMachineHas) {
  EXPECT_GE(available_cpus(), 1U);
  EXPECT_LE(available_cpus(), std::thread::hardware_concurrency());
}

TEST(AvailableCpus, AreThoseOfTheAffinityMask) {
  EXPECT_EQ(in_forked_process([] {
              cpu_set_t one;
              CPU_ZERO(&one);
              CPU_SET(::sched_getcpu(), &one);
              if (::sched_setaffinity(0, sizeof one, &one) != 0) return -1;
              return static_cast<int>(available_cpus());
            }),
            1);
}

TEST(AvailableCpus, AreLimitedByTheQuotaOfTheGroup) {
  if (available_cpus() < 2) GTEST_SKIP() << "there is one processor only";
  constexpr int kNoGroup = 77;
  const int cpus = in_forked_process([] {
    QuotaGroup first("/sys/fs/cgroup/cpu");
    if (first.enter("cpu.cfs_quota_us", "40000")) return static_cast<int>(available_cpus());
    QuotaGroup second("/sys/fs/cgroup");
    if (second.enter("cpu.max", "40000 100000")) return static_cast<int>(available_cpus());
    return kNoGroup;
  });
  if (cpus == kNoGroup) GTEST_SKIP() << "no group with a quota can be made here";
  EXPECT_EQ(cpus, 1);
}

}  // namespace
}  // namespace foster
