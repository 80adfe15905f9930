#include "compat/process_name.hpp"

#include <gtest/gtest.h>

namespace foster::compat {
namespace {

TEST(ProcessName, ANameIsAGroupAndAProcess) {
  EXPECT_EQ(process_name_from("web").process, "web");
  EXPECT_EQ(process_name_from("web:0").group, "web");
  EXPECT_EQ(process_name_from("web:0").process, "0");
  EXPECT_EQ(process_name_from("web:*").process, std::nullopt);
  EXPECT_EQ(process_name_from("web:").process, std::nullopt);
  EXPECT_EQ(process_name_from("a:b:c").process, "b:c");
  EXPECT_EQ(full_name("web", "web"), "web");
  EXPECT_EQ(full_name("web", "0"), "web:0");
}

}  // namespace
}  // namespace foster::compat
