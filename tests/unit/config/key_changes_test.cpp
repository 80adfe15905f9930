#include "config/key_changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(KeyChanges, AreToldAsTheyWouldBeWritten) {
  core::Service before;
  before.argv = {"a"};
  before.command_text = "a";
  core::Service after = before;
  EXPECT_THAT(changed_keys(before, after), IsEmpty());
  after.argv = {"a", "b c"};
  after.command_text = "a 'b c'";
  after.stop.timeout = 5s;
  before.restart = core::RestartWhen::always;
  EXPECT_THAT(changed_keys(before, after),
              ElementsAre(KeyChange{"command", "[\"a\"]", "[\"a\", \"b c\"]"}, KeyChange{"restart", "\"always\"", ""},
                          KeyChange{"stop", "", "{ timeout = \"5s\" }"}));
}

}  // namespace
}  // namespace foster::config
