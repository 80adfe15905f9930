// Each way to become ready, with real programs.
#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

class Notify : public ::testing::Test {
 protected:
  void begin(const std::string& more = "") {
    ASSERT_EQ(::mkfifo(foster.path("say").c_str(), 0600), 0);
    say_.reset(::open(foster.path("say").c_str(), O_RDWR | O_CLOEXEC));
    foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("notifier") + "\", \"" + foster.path("say") +
                        "\"]\nready = \"notify\"\n" + more);
    (void)foster.run({"up", "-d", "--no-wait"});
    ASSERT_TRUE(foster.wait_for_state("web", "starting"));
  }
  void say(const std::string& line) {
    const std::string text = line + "\n";
    ASSERT_EQ(::write(say_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  Foster foster;
  UniqueFd say_;
};

TEST_F(Notify, ReadyStatusAndStoppingOfARealClientAreSeen) {
  begin();
  say("STATUS=warming up");
  ASSERT_TRUE(
      foster.wait_until([&] { return foster.run({"ps", "--json"}).out.find("warming up") != std::string::npos; }));
  EXPECT_EQ(foster.row("web").state, "starting");
  say("READY=1");
  ASSERT_TRUE(foster.wait_for_state("web", "running"));
  EXPECT_THAT(foster.run({"why", "web"}).out, HasSubstr("READY=1"));
}

TEST_F(Notify, MissedWatchdogIsAFailureAndTheServiceIsRestarted) {
  begin();
  say("READY=1");
  ASSERT_TRUE(foster.wait_for_state("web", "running"));
  say("WATCHDOG_USEC=100000");
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").run == 2; }));
  EXPECT_THAT(foster.run({"why", "web"}).out, HasSubstr("watchdog"));
}

TEST_F(Notify, MessageOfAStrangerIsIgnored) {
  begin();
  std::optional<std::string> address;
  // A process that is in the middle of execve has no environment yet.
  ASSERT_TRUE(foster.wait_until([&] {
    address = sys::read_environment_variable(Pid(foster.pid_of("web")), "NOTIFY_SOCKET");
    return address.has_value();
  }));
  const std::string script =
      "import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n"
      "s.connect('\\0'+sys.argv[1][1:])\ns.send(b'READY=1')\n";
  ASSERT_EQ(foster.run_program({"python3", "-c", script, *address}).code, 0);
  // Messages are taken in order: when the client's own has been seen, the stranger's had its chance.
  say("STATUS=after");
  ASSERT_TRUE(foster.wait_until([&] { return foster.run({"ps", "--json"}).out.find("after") != std::string::npos; }));
  EXPECT_EQ(foster.row("web").state, "starting");
}

TEST(Ready, NewlineOnADescriptorAsS6Does) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("ready_fd") + "\", \"5\", \"" + foster.path("go") +
                      "\"]\nready = { fd = 5 }\n");
  const auto up = foster.begin({"up", "-d"});
  ASSERT_TRUE(foster.wait_for_state("web", "starting"));
  testing::write_file(foster.path("go"), "");
  EXPECT_EQ(up->finish().code, 0);
  EXPECT_EQ(foster.row("web").state, "running");
}

TEST(Ready, TcpOfARealRedis) {
  Foster foster;
  const std::string port = std::to_string(free_port());
  foster.write_config("[service.redis]\ncommand = [\"redis-server\", \"--port\", \"" + port +
                      "\", \"--bind\", \"127.0.0.1\", \"--save\", \"\"]\nready = { tcp = \"127.0.0.1:" + port +
                      "\", timeout = \"20s\" }\n");
  foster.up();
  EXPECT_THAT(foster.run_program({"redis-cli", "-p", port, "ping"}).out, HasSubstr("PONG"));
  const pid_t first = foster.pid_of("redis");
  ::kill(first, SIGSEGV);
  ASSERT_TRUE(
      foster.wait_until([&] { return foster.row("redis").run == 2 && foster.row("redis").state == "running"; }));
  ASSERT_EQ(foster.run({"stop", "redis"}).code, 0);
  EXPECT_EQ(foster.row("redis").exit_code, 0);
}

TEST(Ready, HttpOfARealPythonServer) {
  Foster foster;
  const unsigned port = free_port();
  const std::string text = std::to_string(port);
  foster.write_config("[service.web]\ncommand = \"python3 -m http.server --bind 127.0.0.1 " + text +
                      "\"\nready = { http = \"http://localhost:" + text + "/foster.toml\", interval = \"20ms\" }\n");
  foster.up();
  EXPECT_THAT(http_get(port, "/foster.toml"), HasSubstr("[service.web]"));
}

TEST(Ready, ExecProbeRunsUntilItSucceeds) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = \"sleep 1000\"\nready = { exec = [\"test\", \"-e\", \"" +
                      foster.path("go") + "\"], interval = \"10ms\" }\n");
  const auto up = foster.begin({"up", "-d"});
  ASSERT_TRUE(foster.wait_for_state("web", "starting"));
  testing::write_file(foster.path("go"), "");
  EXPECT_EQ(up->finish().code, 0);
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  EXPECT_TRUE(wait_until([&] { return children_of(reaper).size() == 2; }, 2s)) << "no probe is left";
}

TEST(Ready, LineOfTheOutputMatches) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"echo warming; sleep 0.2; echo 'listening on 80'; exec sleep 1000\"\n"
      "ready = { log = \"^listening on [0-9]+\" }\n");
  foster.up();
  EXPECT_EQ(foster.log_of("web"), "warming\nlistening on 80\n");
}

TEST(Ready, NotInTimeIsAFailureThatSaysSo) {
  Foster foster;
  foster.write_config(
      "[service.web]\ncommand = \"sleep 1000\"\nready = { tcp = \"127.0.0.1:1\", timeout = \"100ms\" }\n"
      "limit = { count = 1, within = \"10s\" }\nbackoff = { initial = \"1ms\", max = \"1ms\" }\n");
  const Finished up = foster.up(1);
  EXPECT_THAT(up.out + up.err, HasSubstr("ready"));
  EXPECT_TRUE(foster.wait_for_state("web", "failed"));
}

}  // namespace
}  // namespace foster::e2e
