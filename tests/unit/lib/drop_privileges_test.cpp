#include <grp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <foster/daemonize.hpp>
#include "unit/sys/spawning.hpp"

namespace foster {
namespace {

using sys::testing::in_forked_process;
using sys::testing::status_of;

TEST(DropPrivileges, AnUnknownUserIsNamedAndChangesNothing) {
  const auto dropped = drop_privileges({"no-such-user", ""});
  ASSERT_FALSE(dropped);
  EXPECT_EQ(to_string(dropped.error()), "user no-such-user: no such user");
}

TEST(DropPrivileges, WhoeverIsThatUserAlreadyNeedsNoRights) {
  EXPECT_TRUE(drop_privileges({std::to_string(::getuid()), std::to_string(::getgid())}));
}

TEST(DropPrivileges, LeavesNoWayBackToRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has something to drop";
  EXPECT_EQ(in_forked_process([] {
              const gid_t root_group = 0;
              if (::setgroups(1, &root_group) != 0) return 1;
              if (!drop_privileges({"65534", "65533"})) return 2;
              if (::setuid(0) == 0 || ::setgid(0) == 0 || ::setgroups(1, &root_group) == 0) return 3;
              auto status = status_of(::getpid());
              if (status["Uid"] != "65534\t65534\t65534\t65534" || status["Gid"] != "65533\t65533\t65533\t65533")
                return 4;
              return (" " + status["Groups"]).find(" 0 ") == std::string::npos ? 0 : 5;
            }),
            0);
}

TEST(DropPrivileges, AnOrdinaryUserCannotBecomeAnother) {
  EXPECT_EQ(in_forked_process([] {
              if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 1;
              const auto dropped = drop_privileges({"1", "1"});
              return !dropped && dropped.error().code == EPERM ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace foster
