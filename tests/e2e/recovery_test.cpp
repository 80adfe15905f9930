// The supervisor is killed at any moment: it is back at once, no service is restarted, no byte is lost.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "e2e/harness.hpp"
#include "sys/pidfd.hpp"
#include "sys/pidfd_info.hpp"

namespace foster::e2e {
namespace {

pid_t supervisor_of(pid_t reaper) {
  for (const pid_t child : children_of(reaper)) {
    const auto words = sys::read_cmdline(Pid(child));
    if (!words.empty() && words.front() == "foster: supervisor" && is_alive(child)) return child;
  }
  return 0;
}

// Every run's lines are "PID N", N from 0 without a gap or a repetition.
::testing::AssertionResult is_complete(const std::string& log) {
  std::map<std::string, long> next;
  std::size_t at = 0;
  while (at < log.size()) {
    const std::size_t end = log.find('\n', at);
    if (end == std::string::npos) return ::testing::AssertionFailure() << "torn last line: " << log.substr(at);
    const std::string line = log.substr(at, end - at);
    at = end + 1;
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) return ::testing::AssertionFailure() << "torn line: " << line;
    long& expected = next[line.substr(0, space)];
    if (line.substr(space + 1) != std::to_string(expected)) {
      return ::testing::AssertionFailure() << "line " << line << " where " << expected << " was due";
    }
    ++expected;
  }
  return ::testing::AssertionSuccess();
}

std::map<std::string, long> lines_by_pid(const std::string& log) {
  std::map<std::string, long> count;
  for (std::size_t at = 0; at < log.size(); at = log.find('\n', at) + 1)
    ++count[log.substr(at, log.find(' ', at) - at)];
  return count;
}

TEST(Recovery, KilledSupervisorIsBackAndNoServiceNoticed) {
  Foster foster;
  foster.write_config("[service.chat]\ncommand = [\"" + Foster::actor("counter") +
                      "\", \"0\", \"200\"]\nworkers = 5\nstart-seconds = \"20ms\"\n");
  foster.up();
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  std::map<std::string, pid_t> pids;
  for (const Row& row : foster.ps()) pids[row.name] = row.pid.value_or(0);

  std::mt19937 random(7);
  for (int kill = 0; kill < 40; ++kill) {
    const pid_t supervisor = supervisor_of(reaper);
    if (supervisor != 0) ::kill(supervisor, SIGKILL);
    ASSERT_TRUE(wait_until([&] {
      const pid_t next = supervisor_of(reaper);
      return next != 0 && next != supervisor;
    })) << "kill "
        << kill;
    // At any moment of its start, or later.
    ::poll(nullptr, 0, static_cast<int>(random() % 40));
  }
  ASSERT_TRUE(foster.wait_until([&] { return foster.ps().size() == 5; }));
  for (const Row& row : foster.ps()) {
    EXPECT_EQ(row.pid, pids[row.name]) << row.name << " was restarted";
    EXPECT_EQ(row.state, "running");
    EXPECT_EQ(row.run, 1U);
    EXPECT_EQ(row.restarts, 0U);
  }
  ASSERT_EQ(foster.run({"stop", "*"}).code, 0);
  for (const auto& [name, pid] : pids) {
    const std::string log = foster.log_of(name);
    EXPECT_GT(log.size(), 1000U);
    EXPECT_TRUE(is_complete(log)) << name;
  }
  EXPECT_TRUE(zombies_below(reaper).empty());
}

TEST(Recovery, AHangingSupervisorIsReplacedWhenAClientWaits) {
  Foster foster;
  foster.write_config("[service.sleeper]\ncommand = [\"sleep\", \"1000\"]\n");
  foster.up();
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  const pid_t service = foster.pid_of("sleeper");
  const pid_t hanging = supervisor_of(reaper);
  ::kill(hanging, SIGSTOP);
  const Finished answer = foster.run({"ps"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(supervisor_of(reaper), hanging);
  EXPECT_EQ(foster.pid_of("sleeper"), service);
  EXPECT_EQ(foster.info().at("hangs").as_int64(), 1);
}

TEST(Recovery, WithoutASupervisorThatStaysUpTheLedgerTellsTheTruth) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"sleep\", \"1000\"]\nworkers = 2\n");
  foster.up();
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  const pid_t web = foster.pid_of("web:1");
  const std::filesystem::path state = foster.info().at("state_dir").as_string().c_str();
  // No supervisor can start where its directory is none.
  std::filesystem::rename(state, state.string() + ".away");
  std::ofstream(state) << "in the way";
  ::kill(supervisor_of(reaper), SIGKILL);
  const Finished told = foster.run({"ps", "--json"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.err, ::testing::HasSubstr("this is what its ledger says"));
  EXPECT_THAT(told.out, ::testing::HasSubstr("\"pid\":" + std::to_string(web)));
  EXPECT_EQ(foster.run({"stop", "web"}).code, 1);
  EXPECT_TRUE(is_alive(web));
  std::filesystem::remove(state);
  std::filesystem::rename(state.string() + ".away", state);
  ASSERT_TRUE(foster.wait_until([&] { return supervisor_of(reaper) != 0 && foster.run({"ps"}).err.empty(); }));
  EXPECT_EQ(foster.pid_of("web:1"), web);
}

TEST(Recovery, AServiceWhoseGroupWasKilledStartsAgainUnderTheNextSupervisor) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("forks_twice") + "\", \"" +
                      foster.path("daemon.pid") + "\"]\nstart-seconds = \"10ms\"\nstop = { timeout = \"200ms\" }\n");
  foster.up();
  ASSERT_TRUE(wait_until([&] { return !first_line_of(foster.path("daemon.pid")).empty(); }));
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  ASSERT_EQ(foster.run({"stop", "web"}).code, 0);
  const pid_t lost = supervisor_of(reaper);
  ::kill(lost, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return supervisor_of(reaper) != 0 && supervisor_of(reaper) != lost; }));
  const Finished started = foster.run({"start", "web"});
  EXPECT_EQ(started.code, 0) << started.err;
}

TEST(Recovery, AClientBetweenTwoSupervisorsFindsAnOpenDoor) {
  Foster foster;
  foster.write_config("[service.sleeper]\ncommand = [\"sleep\", \"1000\"]\n");
  foster.up();
  const std::string socket = foster.info().at("runtime_dir").as_string().c_str() + std::string("/control.sock");
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  for (int round = 0; round < 20; ++round) {
    ::kill(supervisor_of(reaper), SIGKILL);
    // Not foster's own client, which would ask again.
    const Finished answer =
        foster.run_program({"curl", "--silent", "--show-error", "--unix-socket", socket, "http://localhost/v1/info"});
    // A connection that the lost one had accepted already is cut; it is never refused.
    EXPECT_THAT(answer.code, ::testing::AnyOf(0, 52, 56)) << answer.err;
  }
}

TEST(Recovery, ServicesThatEndMeanwhileAreRestartedOnceAndLoseNoWord) {
  Foster foster;
  foster.write_config("[service.brief]\ncommand = [\"" + Foster::actor("counter") + "\", \"40\", \"500\", \"3\", \"" +
                      foster.path("witness") +
                      "\"]\nworkers = 4\nstart-seconds = \"1ms\"\nlimit = \"none\"\n"
                      "backoff = { initial = \"0ms\", max = \"0ms\" }\n");
  (void)foster.run({"up", "-d", "--no-wait"});
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  std::mt19937 random(11);
  for (int kill = 0; kill < 40; ++kill) {
    const pid_t supervisor = supervisor_of(reaper);
    if (supervisor != 0) ::kill(supervisor, SIGKILL);
    ASSERT_TRUE(wait_until([&] {
      const pid_t next = supervisor_of(reaper);
      return next != 0 && next != supervisor;
    }));
    ::poll(nullptr, 0, static_cast<int>(random() % 60));
    // Never two of one instance: supervisor and at most four counters.
    std::size_t counters = 0;
    for (const pid_t child : children_of(reaper)) counters += is_alive(child) && child != supervisor_of(reaper) ? 1 : 0;
    EXPECT_LE(counters, 4U);
  }
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("brief:0").run > 20; }));
  ASSERT_EQ(foster.run({"stop", "*"}).code, 0);
  std::map<std::string, long> logged;
  for (int worker = 0; worker < 4; ++worker) {
    const std::string name = "brief:" + std::to_string(worker);
    const std::string log = foster.log_of(name);
    EXPECT_TRUE(is_complete(log)) << name;
    logged.merge(lines_by_pid(log));
  }
  // Whoever says itself that it wrote all of its lines, did.
  std::ifstream witness(foster.path("witness"));
  std::size_t finished = 0;
  long lines = 0;
  for (std::string pid; witness >> pid >> lines; ++finished) EXPECT_EQ(logged[pid], lines) << pid;
  EXPECT_GT(finished, 80U);
}

TEST(Recovery, StopThatWasInterruptedFinishes) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("ignores_term") +
                      "\"]\nstart-seconds = \"10ms\"\nstop = { timeout = \"4s\" }\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  const auto stop = foster.begin({"stop", "web"});
  ASSERT_TRUE(foster.wait_for_state("web", "stopping"));
  ::kill(supervisor_of(reaper), SIGKILL);
  ASSERT_TRUE(foster.wait_for_state("web", "stopped"));
  EXPECT_FALSE(is_alive(web));
}

TEST(Recovery, LostReaperIsReplacedAndTheServicesRunOn) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("counter") +
                      "\", \"0\", \"1000\"]\nstart-seconds = \"20ms\"\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  ::kill(reaper, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] {
    const auto info = foster.info();
    return !info.empty() && info.at("reaper").as_int64() != reaper;
  }));
  EXPECT_EQ(foster.pid_of("web"), web);
  EXPECT_EQ(foster.row("web").run, 1U);
  // Still supervised: its end is seen, and it is started again.
  ::kill(web, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").run == 2 && foster.row("web").state == "running"; }));
}

/// Whether this kernel tells of the end of a process after somebody else has waited for it.
bool kernel_tells_of_strangers() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(7);
  const auto process = sys::ProcessHandle::open(Pid(child));
  ::waitpid(child, nullptr, 0);
  return process && sys::wait_status_after_reaping(process->fd()).has_value();
}

TEST(Recovery, AServiceThatEndsBetweenTwoReapersLosesNeitherItsLastWordsNorItsStatus) {
  // As any init: whoever loses his parent comes to us, and is waited for.
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  Foster foster;
  const std::string trigger = foster.path("trigger");
  ASSERT_EQ(::mkfifo(trigger.c_str(), 0600), 0);
  foster.write_config("[service.web]\ncommand = [\"sh\", \"-c\", \"cat " + trigger +
                      " > /dev/null; echo last words; exit 7\"]\nstart-seconds = \"10ms\"\nrestart = \"never\"\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  const pid_t supervisor = supervisor_of(reaper);
  ::kill(supervisor, SIGSTOP);
  ::kill(reaper, SIGKILL);
  std::ofstream(trigger) << "end";
  ASSERT_TRUE(wait_until([&] { return ::waitpid(web, nullptr, WNOHANG) == web; }));
  ::kill(supervisor, SIGCONT);
  ASSERT_TRUE(foster.wait_for_state("web", "exited"));
  EXPECT_EQ(foster.log_of("web"), "last words\n");
  if (kernel_tells_of_strangers()) {
    EXPECT_EQ(foster.row("web").exit_code, 7);
  }
  foster.down();
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Recovery, AServiceThatOutlivedItsReaperKeepsItsStatusWhileNoSupervisorIsThere) {
  if (!kernel_tells_of_strangers()) GTEST_SKIP() << "needs Linux 6.15";
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  Foster foster;
  const std::string trigger = foster.path("trigger");
  ASSERT_EQ(::mkfifo(trigger.c_str(), 0600), 0);
  foster.write_config("[service.web]\ncommand = [\"sh\", \"-c\", \"cat " + trigger +
                      " > /dev/null; exit 7\"]\nstart-seconds = \"10ms\"\nrestart = \"never\"\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  ::kill(reaper, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] {
    const auto info = foster.info();
    return !info.empty() && info.at("reaper").as_int64() != reaper;
  }));
  const auto info = foster.info();
  const auto next_reaper = static_cast<pid_t>(info.at("reaper").as_int64());
  const auto supervisor = static_cast<pid_t>(info.at("supervisor").as_int64());
  ::kill(next_reaper, SIGSTOP);
  ::kill(supervisor, SIGKILL);
  std::ofstream(trigger) << "end";
  ASSERT_TRUE(wait_until([&] { return ::waitpid(web, nullptr, WNOHANG) == web; }));
  ::kill(next_reaper, SIGCONT);
  ASSERT_TRUE(foster.wait_for_state("web", "exited"));
  EXPECT_EQ(foster.row("web").exit_code, 7);
  foster.down();
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Recovery, AnUpThatFailsAfterBothWereLostLeavesTheServicesRunning) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"sleep\", \"1000\"]\nstart-seconds = \"10ms\"\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  const auto info = foster.info();
  const auto reaper = static_cast<pid_t>(info.at("reaper").as_int64());
  const auto supervisor = static_cast<pid_t>(info.at("supervisor").as_int64());
  ::kill(reaper, SIGSTOP);
  ::kill(supervisor, SIGKILL);
  ::kill(reaper, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(reaper) && !is_alive(supervisor); }));
  // The new config cannot be kept.
  const std::string in_the_way = info.at("runtime_dir").as_string().c_str() + std::string("/next.toml");
  ASSERT_TRUE(std::filesystem::create_directory(in_the_way));
  EXPECT_EQ(foster.run({"up", "-d"}).code, 1);
  EXPECT_EQ(foster.pid_of("web"), web);
  std::filesystem::remove(in_the_way);
  foster.up();
  EXPECT_EQ(foster.pid_of("web"), web);
}

TEST(Recovery, LosingBothStartsNothingTwice) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"" + Foster::actor("counter") +
                      "\", \"0\", \"1000\"]\nstart-seconds = \"20ms\"\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  const auto reaper = static_cast<pid_t>(foster.info().at("reaper").as_int64());
  const pid_t supervisor = supervisor_of(reaper);
  ::kill(reaper, SIGSTOP);
  ::kill(supervisor, SIGKILL);
  ::kill(reaper, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(reaper) && !is_alive(supervisor); }));
  EXPECT_TRUE(is_alive(web));
  EXPECT_EQ(foster.run({"ps"}).code, 5);
  foster.up();
  EXPECT_EQ(foster.pid_of("web"), web);
  EXPECT_EQ(foster.row("web").run, 1U);
  ASSERT_EQ(foster.run({"stop", "web"}).code, 0);
  EXPECT_FALSE(is_alive(web));
  EXPECT_TRUE(is_complete(foster.log_of("web")));
}

}  // namespace
}  // namespace foster::e2e
