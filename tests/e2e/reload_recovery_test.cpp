// The supervisor is lost in the middle of a reload: it is done as a whole by the next one, or it was not begun.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

class ReloadRecovery : public ::testing::Test {
 protected:
  void begin_with(const std::string& config) {
    foster.write_config(config);
    foster.up();
    const auto info = foster.info();
    reaper = static_cast<pid_t>(info.at("reaper").as_int64());
    supervisor = static_cast<pid_t>(info.at("supervisor").as_int64());
    runtime = info.at("runtime_dir").as_string().c_str();
  }

  void lose_supervisor(const std::function<void()>& meanwhile) {
    ::kill(reaper, SIGSTOP);
    ::kill(supervisor, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return !is_alive(supervisor); }));
    meanwhile();
    ::kill(reaper, SIGCONT);
  }

  static void replace(std::string& text, const std::string& word, const std::string& by) {
    const std::size_t at = text.find(word);
    ASSERT_NE(at, std::string::npos) << word << " in " << text;
    text.replace(at, word.size(), by);
  }

  [[nodiscard]] static std::string sleeper(const std::string& name, unsigned seconds, const std::string& keys = "") {
    return "[service." + name + "]\ncommand = [\"sleep\", \"" + std::to_string(seconds) +
           "\"]\nstart-seconds = \"10ms\"\n" + keys;
  }

  Foster foster;
  pid_t reaper = 0;
  pid_t supervisor = 0;
  std::string runtime;
};

TEST_F(ReloadRecovery, AReloadThatWasStoredAndNotBegunIsDoneByTheNextSupervisor) {
  begin_with(sleeper("changed", 1001) + sleeper("same", 1002) + sleeper("leaves", 1003) +
             sleeper("fewer", 1004, "workers = 2\n"));
  const pid_t changed = foster.pid_of("changed");
  const pid_t same = foster.pid_of("same");
  const pid_t leaves = foster.pid_of("leaves");
  const pid_t fewer = foster.pid_of("fewer:1");
  // As a kill between storing the wish and the first deed leaves it.
  lose_supervisor([&] {
    std::string next = testing::contents_of(runtime + "/applied.toml");
    replace(next, "1001", "2001");
    replace(next, "service.leaves", "service.new");
    replace(next, "workers = 2", "workers = 1");
    testing::write_file(runtime + "/next.toml", next);
  });
  ASSERT_TRUE(foster.wait_until([&] {
    const Row row = foster.row("changed");
    return row.run == 2 && row.state == "running";
  }));
  EXPECT_FALSE(is_alive(changed));
  EXPECT_EQ(sys::read_cmdline(Pid(foster.pid_of("changed"))), (std::vector<std::string>{"sleep", "2001"}));
  EXPECT_EQ(foster.pid_of("same"), same);
  ASSERT_TRUE(foster.wait_for_state("new", "running"));
  EXPECT_TRUE(wait_until([&] { return !is_alive(leaves) && !is_alive(fewer); }));
  EXPECT_TRUE(foster.wait_until([&] { return foster.ps().size() == 4; }));
  // What is in force now stays so.
  supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  const pid_t second = foster.pid_of("changed");
  lose_supervisor([] {});
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("changed").state == "running"; }));
  EXPECT_EQ(foster.pid_of("changed"), second);
}

TEST_F(ReloadRecovery, AServiceThatIsLeavingIsStoppedByTheNextSupervisor) {
  begin_with(sleeper("stays", 1000) + "[service.leaves]\ncommand = [\"" + Foster::actor("ignores_term") +
             "\"]\nstart-seconds = \"10ms\"\nstop = { timeout = \"1s\" }\n");
  const pid_t leaves = foster.pid_of("leaves");
  foster.write_config(sleeper("stays", 1000));
  ASSERT_EQ(foster.run({"up", "-d", "--no-wait"}).code, 0);
  ASSERT_TRUE(foster.wait_for_state("leaves", "stopping"));
  lose_supervisor([] {});
  EXPECT_TRUE(wait_until([&] { return !is_alive(leaves); }));
  EXPECT_TRUE(foster.wait_until([&] { return foster.ps().size() == 1; }));
}

}  // namespace
}  // namespace foster::e2e
