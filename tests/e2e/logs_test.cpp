// What services write: every byte once, in order, across rotations and for whoever follows.
#include <csignal>
#include <filesystem>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

std::string numbers(int first, int last) {
  std::string lines;
  for (int n = first; n <= last; ++n) lines += std::to_string(n) + "\n";
  return lines;
}

TEST(Logs, RawGivesTheExactBytesRotatedFilesIncluded) {
  Foster foster;
  foster.write_config(
      "[service.flood]\ncommand = \"seq 1 200000; exec sleep 1000\"\nstart-seconds = \"10ms\"\n"
      "log = { max-size = \"100KB\", keep = 50 }\n");
  foster.up();
  const std::string expected = numbers(1, 200000);
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
  EXPECT_TRUE(follow->out() == numbers(998, 30000));
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

TEST(Logs, StderrIsKeptApartWhereThatIsAskedFor) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"seq 1 5000; seq 1 7000 >&2; exec sleep 1000\"\nstart-seconds = \"10ms\"\nstderr-log "
      "= {}\n");
  foster.up();
  const std::string out = numbers(1, 5000);
  const std::string err = numbers(1, 7000);
  ASSERT_TRUE(foster.wait_until([&] { return foster.run({"logs", "--raw", "web/stderr"}).out.size() >= err.size(); }));
  EXPECT_TRUE(foster.run({"logs", "--raw", "web/stderr"}).out == err);
  EXPECT_TRUE(foster.run({"logs", "--raw", "web/stdout"}).out == out);
  EXPECT_EQ(foster.run({"logs", "--raw", "web"}).code, 2);
  const std::string both = foster.run({"logs", "-n", "1", "web"}).out;
  EXPECT_NE(both.find("web        | 5000\n"), std::string::npos) << both;
  EXPECT_NE(both.find("web/stderr | 7000\n"), std::string::npos) << both;
}

TEST(Logs, StderrApartOutlivesTheSupervisorAndFollowsIt) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"seq 1 100 >&2; while [ ! -e go ]; do sleep 0.02; done; seq 101 9000 >&2; exec sleep "
      "1000\"\n"
      "start-seconds = \"10ms\"\nstderr-log = { max-size = \"10KB\", keep = 50 }\n");
  foster.up();
  const auto follow = foster.begin({"logs", "-f", "web/stderr", "-n", "100"});
  ASSERT_TRUE(foster.wait_until([&] { return follow->out().ends_with("\n100\n"); }));
  const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  testing::write_file(foster.path("go"), "");
  ASSERT_TRUE(foster.wait_until([&] { return follow->out().ends_with("\n9000\n"); }));
  EXPECT_TRUE(follow->out() == numbers(1, 9000));
  EXPECT_TRUE(foster.run({"logs", "--raw", "web/stderr"}).out == numbers(1, 9000));
}

TEST(Logs, GoToTheFilesThatTheConfigNames) {
  Foster foster;
  std::filesystem::create_directory(foster.path("out"));
  foster.write_config(
      "[service.web]\nworkers = 2\ncommand = \"echo out %i; echo err %i >&2; exec sleep 1000\"\nstart-seconds = "
      "\"10ms\"\n"
      "log = { file = \"out/%n-%i.log\" }\nstderr-log = { file = \"out/%n-%i.err\" }\n");
  foster.up();
  ASSERT_TRUE(foster.wait_until([&] { return foster.run({"logs", "--raw", "web:1/stderr"}).out == "err 1\n"; }));
  EXPECT_EQ(foster.row("web:1").log, foster.path("out/web-1.log"));
  EXPECT_EQ(first_line_of(foster.path("out/web-1.log")), "out 1");
  EXPECT_EQ(first_line_of(foster.path("out/web-0.err")), "err 0");
}

TEST(Logs, MoveWithTheConfig) {
  Foster foster;
  const auto config = [](const std::string& file) {
    return "[service.web]\ncommand = \"echo $$; exec sleep 1000\"\nstart-seconds = \"10ms\"\nlog = { file = \"" + file +
           "\" }\n";
  };
  foster.write_config(config("a.log"));
  foster.up();
  const std::string first = std::to_string(foster.pid_of("web"));
  foster.write_config(config("b.log"));
  foster.up();
  const std::string second = std::to_string(foster.pid_of("web"));
  ASSERT_TRUE(foster.wait_until([&] { return first_line_of(foster.path("b.log")) == second; }));
  EXPECT_EQ(first_line_of(foster.path("a.log")), first);
}

TEST(Logs, AFileInNoDirectoryIsAReasonNotToStart) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"sleep 1000\"\nrestart = \"never\"\nlog = { file = \"no/web.log\" }\n");
  const Finished finished = foster.up(1);
  EXPECT_NE(finished.err.find("open " + foster.path("no") + ": No such file or directory"), std::string::npos)
      << finished.err;
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
