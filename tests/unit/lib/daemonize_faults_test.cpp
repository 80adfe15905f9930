// What the caller and the launcher learn when the system has nothing more to give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include <foster/daemonize.hpp>
#include "support/temporary_directory.hpp"
#include "unit/lib/daemonizing.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using sys::testing::in_forked_process;
using sys::testing::open_fds_of;

constexpr int kNotPossibleHere = 77;

class DaemonizeWithout : public ::testing::Test {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }
};

/// A user that nobody else is, with room for this many processes. Root has no limit.
bool become_a_user_with(rlim_t processes) {
  const auto uid = static_cast<uid_t>(700'000'000 + ::getpid());
  const rlimit limit{processes, processes};
  return ::setresuid(uid, uid, uid) == 0 && ::setrlimit(RLIMIT_NPROC, &limit) == 0;
}

TEST_F(DaemonizeWithout, AProcessToBeHadIsRefusedBeforeAnythingHappens) {
  EXPECT_EQ(in_forked_process([] {
              const rlimit none{0, 0};
              if (::geteuid() == 0 ? !become_a_user_with(1) : ::setrlimit(RLIMIT_NPROC, &none) != 0) return 1;
              const auto refused = detach();
              return !refused && refused.error() == Error{"fork", EAGAIN, ""} ? 0 : 2;
            }),
            0);
}

TEST_F(DaemonizeWithout, ASecondProcessToBeHadTheLauncherLearnsIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become a user that nobody else is";
  EXPECT_EQ(in_forked_process([] {
              if (!become_a_user_with(2)) return 1;
              const auto detached = detach();
              if (!detached) return 2;
              const auto* report = std::get_if<LaunchReport>(&*detached);
              if (report == nullptr) return 3;
              return report->exit_code == 1 && report->error == Error{"fork", EAGAIN, ""} ? 0 : 4;
            }),
            0);
}

TEST_F(DaemonizeWithout, AProcessForTheGuardLeavesNoPidfile) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become a user that nobody else is";
  const TemporaryDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0777), 0);
  EXPECT_EQ(in_forked_process([&] {
              if (!become_a_user_with(2)) return 1;
              DaemonizeOptions options;
              options.fork_again = false;
              options.pidfile = directory.path("pid");
              const auto detached = detach(options);
              if (!detached) return 2;
              const auto* report = std::get_if<LaunchReport>(&*detached);
              if (report == nullptr) return 3;
              return report->error == Error{"pidfile guard", EAGAIN, ""} ? 0 : 4;
            }),
            0);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(DaemonizeWithout, ADescriptorToBeHadIsRefusedBeforeAnythingHappens) {
  EXPECT_EQ(in_forked_process([] {
              const auto open = open_fds_of(::getpid());
              const rlimit full{static_cast<rlim_t>(*open.rbegin()) + 1, static_cast<rlim_t>(*open.rbegin()) + 1};
              if (::setrlimit(RLIMIT_NOFILE, &full) != 0) return 1;
              while (::dup(0) >= 0) {
              }
              const auto refused = detach();
              return !refused && refused.error() == Error{"socketpair", EMFILE, ""} ? 0 : 2;
            }),
            0);
}

TEST_F(DaemonizeWithout, DescriptorsButTheTwoOfTheHandshakeStillComesUp) {
#if defined(FOSTER_SANITIZED)
  GTEST_SKIP() << "the sanitizer's checks take descriptors themselves";
#endif
  EXPECT_EQ(in_forked_process([] {
              const auto open = open_fds_of(::getpid());
              const rlimit full{static_cast<rlim_t>(*open.rbegin()) + 1, static_cast<rlim_t>(*open.rbegin()) + 1};
              if (::setrlimit(RLIMIT_NOFILE, &full) != 0) return 1;
              int last = -1;
              for (int next = 0; (next = ::dup(0)) >= 0;) last = next;
              if (last < 0) return kNotPossibleHere;
              ::close(last);
              ::close(last - 1);
              auto detached = detach();
              if (!detached) return 2;
              if (auto* daemon = std::get_if<Daemon>(&*detached)) {
                daemon->ready();
                return 0;
              }
              return std::get<LaunchReport>(*detached).exit_code;
            }),
            0);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

/// A file system of one page, which this file fills, in a mount namespace of its own.
bool mount_full_file_system(const std::string& directory) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (uid != 0) {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (::mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=4k") != 0) return false;
  std::ofstream(directory + "/filler") << std::string(4096, 'x');
  std::error_code not_there;
  return std::filesystem::file_size(directory + "/filler", not_there) == 4096;
}

int take_pidfile_on_full_file_system(const std::string& directory) {
  if (!mount_full_file_system(directory)) return kNotPossibleHere;
  DaemonizeOptions options;
  options.pidfile = directory + "/pid";
  const auto detached = detach(options);
  if (!detached) return 2;
  const auto* report = std::get_if<LaunchReport>(&*detached);
  if (report == nullptr) return 3;
  if (!report->error || *report->error != Error{"write pidfile", ENOSPC, directory + "/pid"}) return 4;
  return std::filesystem::exists(directory + "/pid") ? 5 : 0;
}

TEST_F(DaemonizeWithout, RoomForThePidfileLeavesNoneAndTheLauncherLearnsWhy) {
  const TemporaryDirectory directory;
  const int code = in_forked_process([&] { return take_pidfile_on_full_file_system(directory.path()); });
  if (code == kNotPossibleHere) GTEST_SKIP() << "no mount namespace to be had";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace foster
