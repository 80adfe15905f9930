// What services write: every byte once, in order, across rotations and for whoever follows.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

TEST(Logs, RawGivesTheExactBytesRotatedFilesIncluded) {
  Foster foster;
  foster.write_config(
      "[service.flood]\ncommand = \"seq 1 200000; exec sleep 1000\"\nstart-seconds = \"10ms\"\n"
      "log = { max-size = \"100KB\", keep = 50 }\n");
  foster.up();
  std::string expected;
  for (int n = 1; n <= 200000; ++n) expected += std::to_string(n) + "\n";
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("flood").size() >= expected.size(); }));
  EXPECT_TRUE(foster.log_of("flood") == expected);
  EXPECT_EQ(::access((foster.row("flood").log + ".5").c_str(), F_OK), 0) << "it was rotated";
}

TEST(Logs, FollowGoesOnAcrossRotationAndShowsNewLinesOnce) {
  Foster foster;
  foster.write_config(
      "[service.chat]\ncommand = \"seq 1 1000; while [ ! -e go ]; do sleep 0.05; done; seq 1001 30000; exec sleep "
      "1000\"\n"
      "start-seconds = \"10ms\"\nlog = { max-size = \"20KB\", keep = 50 }\n");
  foster.up();
  const auto follow = foster.begin({"logs", "-f", "-n", "3", "chat"});
  ASSERT_TRUE(foster.wait_until([&] { return follow->out().find("1000\n") != std::string::npos; }));
  testing::write_file(foster.path("go"), "");
  ASSERT_TRUE(foster.wait_until([&] { return follow->out().ends_with("30000\n"); }));
  std::string expected;
  for (int n = 998; n <= 30000; ++n) expected += std::to_string(n) + "\n";
  EXPECT_TRUE(follow->out() == expected);
}

TEST(Logs, LastLinesAreAsManyAsAskedFor) {
  Foster foster;
  foster.write_config("[service.chat]\ncommand = \"seq 1 100; exec sleep 1000\"\nstart-seconds = \"10ms\"\n");
  foster.up();
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("chat").ends_with("100\n"); }));
  EXPECT_EQ(foster.run({"logs", "-n", "2", "chat"}).out, "99\n100\n");
}

TEST(Logs, NoneLeavesNoFile) {
  Foster foster;
  foster.write_config(
      "[service.quiet]\ncommand = \"echo hello; exec sleep 1000\"\nstart-seconds = \"10ms\"\nlog = \"none\"\n");
  foster.up();
  EXPECT_EQ(foster.row("quiet").log, "");
  EXPECT_NE(foster.run({"logs", "quiet"}).code, 0);
}

TEST(Logs, LastWordsBeforeTheEndAreKept) {
  Foster foster;
  foster.write_config(
      "[service.brief]\ncommand = \"seq 1 20000; echo last words; kill -KILL $$\"\nrestart = \"never\"\nstart-seconds "
      "= \"1ms\"\n");
  (void)foster.run({"up", "-d"});
  ASSERT_TRUE(foster.wait_for_state("brief", "exited"));
  EXPECT_TRUE(foster.log_of("brief").ends_with("20000\nlast words\n"));
}

}  // namespace
}  // namespace foster::e2e
