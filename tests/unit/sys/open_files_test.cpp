#include "sys/open_files.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "sys/files.hpp"

namespace foster::sys {
namespace {

/// The places of the table of descriptors, as the kernel says.
unsigned long table_size() {
  const std::string status = read_file("/proc/self/status").value();
  const auto line = status.find("FDSize:");
  return std::stoul(status.substr(line + 7));
}

TEST(MakeRoomForFiles, RaisesTheLimitAndGrowsTheTableAtOnce) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit found = make_room_for_files();
    rlimit after{};
    (void)::getrlimit(RLIMIT_NOFILE, &after);
    const bool is_true = found.rlim_cur == before.rlim_cur && after.rlim_cur == before.rlim_max;
    ::_exit(is_true && table_size() >= std::min<unsigned long>(before.rlim_max, 8192) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(MakeRoomForFiles, HoldsWithALimitThatLeavesNoRoom) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{.rlim_cur = 3, .rlim_max = 3};
    (void)::setrlimit(RLIMIT_NOFILE, &none);
    ::_exit(make_room_for_files().rlim_cur == 3 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace foster::sys
