#include "supervisor/supervisord/auto_logs.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "support/scoped_environment.hpp"
#include "support/temporary_directory.hpp"

namespace foster::supervisor::supervisord {
namespace {

TEST(AutoLogs, HaveNamesOfTheirOwn) {
  const testing::TemporaryDirectory directory;
  const AutoLogs logs{directory.path(), "supervisor"};
  const auto first = make_auto_log(logs, "web", core::Stream::out);
  const auto second = make_auto_log(logs, "web", core::Stream::err);
  ASSERT_TRUE(first) << to_string(first.error());
  const std::string begin = directory.path("web-");
  EXPECT_TRUE(std::regex_match(first->substr(begin.size()), std::regex("stdout---supervisor-[a-z0-9_]{8}\\.log")));
  EXPECT_TRUE(second->starts_with(directory.path("web-stderr---supervisor-")));
  EXPECT_NE(first, make_auto_log(logs, "web", core::Stream::out));
  EXPECT_EQ(testing::mode_of(*first), 0600U);
}

TEST(AutoLogs, InNoDirectoryAreAnError) {
  EXPECT_EQ(make_auto_log({"/no/such", "supervisor"}, "web", core::Stream::out).error().code, ENOENT);
}

TEST(AutoLogs, AreKnownByTheirNames) {
  for (const char* name : {"web-stdout---supervisor-ab.log", "x---supervisor-y.log.1", "x---supervisor-y.logs and more",
                           "a---supervisor----supervisor-y.log"}) {
    EXPECT_TRUE(is_auto_log(name, "supervisor")) << name;
  }
  for (const char* name : {"---supervisor-ab.log", "x---supervisor-.log", "x---supervisor-a b.log", "x---other-y.log",
                           "supervisor.log", "x--supervisor-y.log", ""}) {
    EXPECT_FALSE(is_auto_log(name, "supervisor")) << name;
  }
}

TEST(AutoLogs, OfThisIdentifierAreRemoved) {
  const testing::TemporaryDirectory directory;
  const AutoLogs logs{directory.path(), "supervisor"};
  const auto made = make_auto_log(logs, "web", core::Stream::out);
  testing::write_file(*made + ".1", "");
  const auto other = make_auto_log({directory.path(), "other"}, "web", core::Stream::out);
  testing::write_file(directory.path("web.log"), "");
  EXPECT_EQ(remove_auto_logs(logs), 2U);
  EXPECT_FALSE(std::filesystem::exists(*made));
  EXPECT_TRUE(std::filesystem::exists(*other));
  EXPECT_TRUE(std::filesystem::exists(directory.path("web.log")));
}

TEST(AutoLogs, LieWhereTemporaryFilesDo) {
  const testing::TemporaryDirectory directory;
  testing::ScopedEnvironment environment;
  environment.set("TMPDIR", directory.path());
  EXPECT_EQ(default_auto_log_directory(), directory.path());
}

}  // namespace
}  // namespace foster::supervisor::supervisord
