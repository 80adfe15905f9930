// What services write: every byte once, in order, across rotations and for whoever follows.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
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

TEST(Logs, LeaveOutWhatIsForTerminalsAndListeners) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"printf '\\\\033[1mbold\\\\033[0m '; echo "
      "'plain<!--XSUPERVISOR:BEGIN-->hidden<!--XSUPERVISOR:END-->'; printf '<!--XSUPER'; sleep 0.2; exit 0\"\n"
      "start-seconds = \"10ms\"\nrestart = \"never\"\nlog = { strip-ansi = true, capture = \"1KiB\" }\n");
  foster.up();
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").state == "exited"; }));
  EXPECT_EQ(foster.log_of("web"), "bold plain\n<!--XSUPER") << "what could have become a tag is kept";
}

TEST(Logs, ThatAreLookedAtOutliveTheSupervisorToo) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"for i in $(seq 1 60); do seq 1 300; printf '\\\\033[1m'; sleep 0.05; done; echo end; "
      "exec sleep 1000\"\nstart-seconds = \"10ms\"\nlog = { strip-ansi = true, max-size = \"20KB\", keep = 500 }\n");
  foster.up();
  for (int n = 0; n < 4; ++n) {
    const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
    ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
    ASSERT_TRUE(
        foster.wait_until([&] { return static_cast<pid_t>(foster.info().at("supervisor").as_int64()) != supervisor; }));
  }
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("web").ends_with("end\n"); }));
  std::string expected;
  for (int n = 0; n < 60; ++n) expected += numbers(1, 300);
  EXPECT_TRUE(foster.log_of("web") == expected + "end\n");
}

TEST(Logs, GoIntoAFifoThatSomebodyReads) {
  Foster foster;
  ASSERT_EQ(::mkfifo(foster.path("pipe").c_str(), 0600), 0);
  foster.write_config(
      "[service.web]\ncommand = \"seq 1 1000; exec sleep 1000\"\nstart-seconds = \"10ms\"\nlog = { file = \"pipe\" "
      "}\n");
  foster.up();
  const UniqueFd reader(::open(foster.path("pipe").c_str(), O_RDONLY | O_NONBLOCK));
  std::string got;
  ASSERT_TRUE(foster.wait_until([&] {
    std::array<char, 65536> buffer;
    const auto size = ::read(reader.get(), buffer.data(), buffer.size());
    if (size > 0) got.append(buffer.data(), static_cast<std::size_t>(size));
    return got.size() >= numbers(1, 1000).size();
  }));
  EXPECT_TRUE(got == numbers(1, 1000));
}

TEST(Logs, LinesGoToTheSystemsLog) {
  Foster foster;
  foster.environment["FOSTER_SYSLOG"] = foster.path("devlog");
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  foster.path("devlog").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  foster.write_config(
      "[service.web]\ncommand = \"echo hello; exec sleep 1000\"\nstart-seconds = \"10ms\"\n"
      "log = { file = \"none\", syslog = true }\n");
  foster.up();
  std::string got(1000, '\0');
  ASSERT_TRUE(foster.wait_until([&] {
    const auto size = ::recv(socket.get(), got.data(), got.size(), 0);
    if (size > 0) got.resize(static_cast<std::size_t>(size));
    return size > 0;
  }));
  EXPECT_TRUE(got.starts_with("<14>")) << got;
  EXPECT_TRUE(got.ends_with(" foster: web hello")) << got;
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
