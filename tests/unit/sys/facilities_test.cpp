#include "sys/facilities.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

TEST(Facilities, OnlyTheNamedOnesAreForbidden) {
  forbid_facilities_for_testing("splice,unknown,cgroup");
  EXPECT_FALSE(facility_allowed(Facility::splice));
  EXPECT_FALSE(facility_allowed(Facility::cgroup));
  EXPECT_TRUE(facility_allowed(Facility::cgroup_kill));
  EXPECT_TRUE(facility_allowed(Facility::close_range));
  forbid_facilities_for_testing("");
  EXPECT_TRUE(facility_allowed(Facility::splice));
}

}  // namespace
}  // namespace foster::sys
