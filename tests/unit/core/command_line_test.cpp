#include "core/command_line.hpp"

#include <gtest/gtest.h>

namespace foster::core {
namespace {

TEST(CommandLine, PutsTheWorkersNumberAndTheServicesNameIn) {
  Service service;
  service.name = "web";
  service.argv = {"serve", "--port=80%i", "%n-%i", "100%%", "%%i"};
  const std::vector<std::string> expected{"serve", "--port=803", "web-3", "100%", "%i"};
  EXPECT_EQ(expand_argv(service, 3), expected);
}

TEST(CommandLine, LeavesAnyOtherPercentSignAlone) {
  Service service;
  service.argv = {"date", "+%Y-%m", "%", "50%"};
  EXPECT_EQ(expand_argv(service, 0), service.argv);
}

}  // namespace
}  // namespace foster::core
