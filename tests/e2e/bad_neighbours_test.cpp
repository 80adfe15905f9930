// Services with bad manners, and a machine with little left: the others, and whoever asks, do not notice.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

constexpr const char* kGood = "[service.good]\ncommand = \"exec sleep 1000\"\nstart-seconds = \"10ms\"\n";

TEST(BadNeighbours, AFloodOfOutputHoldsUpNobodyAndStaysWithinItsFiles) {
  Foster foster;
  foster.write_config(std::string(kGood) +
                      "[service.flood]\ncommand = \"exec yes 0123456789012345678901234567890123456789\"\n"
                      "start-seconds = \"10ms\"\nlog = { max-size = \"1MB\", keep = 1 }\n"
                      "[service.chat]\ncommand = [\"" +
                      Foster::actor("counter") + "\", \"0\", \"1000\"]\nstart-seconds = \"10ms\"\n");
  foster.up();
  const std::string log = foster.row("flood").log;
  ASSERT_TRUE(foster.wait_until([&] { return ::access((log + ".1").c_str(), F_OK) == 0; }));
  const auto before = foster.log_of("chat").size();
  EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("chat").size() > before; }));
  EXPECT_EQ(foster.row("good").state, "running");
  EXPECT_EQ(foster.row("flood").dropped_bytes, 0U) << "it waits for its log like any writer";
  EXPECT_LE(std::filesystem::file_size(log + ".1"), 1'000'000U + 64 * 1024);
  EXPECT_EQ(foster.run({"stop", "flood"}).code, 0);
}

TEST(BadNeighbours, AServiceThatClosesItsOutputRunsOn) {
  Foster foster;
  foster.write_config(
      "[service.mute]\ncommand = \"echo before; exec >&- 2>&- <&-; exec sleep 1000\"\n"
      "start-seconds = \"10ms\"\n");
  foster.up();
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("mute") == "before\n"; }));
  EXPECT_EQ(foster.row("mute").state, "running");
  EXPECT_EQ(foster.row("mute").run, 1U);
  ASSERT_EQ(foster.run({"restart", "mute"}).code, 0);
  EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("mute") == "before\nbefore\n"; }));
}

TEST(BadNeighbours, AServiceThatFillsItsProcessTableIsStoppedWithAllOfThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "a user without other processes takes root";
  constexpr uid_t kUser = 54322;
  Foster foster;
  foster.write_config(std::string(kGood) +
                      "[service.bomb]\ncommand = \"exec setpriv --reuid=54322 --regid=54322 --clear-groups prlimit "
                      "--nproc=40 sh -c 'while :; do sleep 1000 & done'\"\nstart-seconds = \"10ms\"\n"
                      "restart = \"never\"\nstop = { timeout = \"1s\" }\n");
  (void)foster.run({"up", "-d"});
  const auto processes_of_user = [&] {
    std::size_t count = 0;
    sys::PidDirectory all;
    while (const auto pid = all.next()) {
      const auto status = sys::read_status(*pid);
      count += status && status->uid.real == kUser && status->state != 'Z' ? 1 : 0;
    }
    return count;
  };
  ASSERT_TRUE(foster.wait_until([&] { return processes_of_user() >= 35 || foster.row("bomb").state == "exited"; }));
  EXPECT_EQ(foster.row("good").state, "running");
  EXPECT_EQ(foster.run({"stop", "bomb"}).code, 0);
  EXPECT_EQ(processes_of_user(), 0U);
  EXPECT_EQ(foster.row("good").state, "running");
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kMayPreload = false;
#else
constexpr bool kMayPreload = true;
#endif

/// Sets the time of day for foster and its services, and for nobody else.
class SetClock {
 public:
  explicit SetClock(Foster& foster) : path_(foster.path("clock")) {
    set(0);
    foster.environment["LD_PRELOAD"] = FOSTER_ACTORS "/libset_clock.so";
    foster.environment["SET_CLOCK_FILE"] = path_;
  }
  /// So many seconds from what it is.
  void set(long seconds) const { write(std::to_string(seconds)); }
  /// The machine has slept so long, and is awake again.
  void sleep(long seconds) const { write("0 " + std::to_string(seconds)); }

 private:
  void write(std::string text) const {
    // Not shortened in between: it is mapped.
    text.resize(32);
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT, 0644);
    EXPECT_EQ(::write(fd, text.data(), text.size()), 32);
    ::close(fd);
  }

  std::string path_;
};

TEST(Clock, SetForwardOrBackByYearsDecidesNothing) {
  if (!kMayPreload) GTEST_SKIP() << "a preloaded library and the sanitizer do not go together";
  constexpr long kYear = 365L * 24 * 3600;
  Foster foster;
  const SetClock clock(foster);
  foster.write_config(std::string(kGood) +
                      "[service.crash]\ncommand = \"sleep 0.05; exit 3\"\nstart-seconds = \"10ms\"\nlimit = \"none\"\n"
                      "backoff = { initial = \"50ms\", max = \"100ms\" }\n"
                      "[service.stubborn]\ncommand = [\"" +
                      Foster::actor("ignores_term") +
                      "\"]\nstart-seconds = \"10ms\"\nstop = { timeout = \"200ms\" }\n");
  foster.up();
  const auto wall = foster.run_program({"date", "+%Y"}).out;
  for (const long offset : {10 * kYear, -10 * kYear, 0L}) {
    clock.set(offset);
    EXPECT_EQ(foster.run_program({"date", "+%Y"}).out == wall, offset == 0) << "the clock is not set";
    const unsigned run = foster.row("crash").run;
    EXPECT_TRUE(foster.wait_until([&] { return foster.row("crash").run > run + 2; })) << offset;
    EXPECT_EQ(foster.run({"restart", "stubborn"}).code, 0) << offset;
    EXPECT_EQ(foster.row("good").run, 1U) << offset;
    EXPECT_EQ(foster.run({"why", "crash"}).code, 0);
    const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
    ::kill(supervisor, SIGKILL);
    ASSERT_TRUE(foster.wait_until([&] {
      return !is_alive(supervisor) && foster.run({"info"}).code == 0 && foster.row("good").state == "running";
    }));
    EXPECT_EQ(foster.row("good").run, 1U) << offset;
  }
}

TEST(Clock, OfAMachineThatSleptADayCountsOnlyWhenItWasAwake) {
  if (!kMayPreload) GTEST_SKIP() << "a preloaded library and the sanitizer do not go together";
  constexpr long kDay = 24L * 3600;
  Foster foster;
  const SetClock clock(foster);
  // A deadline of each kind is under way: of a backoff, of a readiness, of a stop.
  foster.write_config(std::string(kGood) +
                      "[service.later]\ncommand = [\"false\"]\nlimit = \"none\"\n"
                      "backoff = { initial = \"1h\", max = \"1h\" }\n"
                      "[service.slow]\ncommand = [\"sleep\", \"1000\"]\nready = { fd = 3, timeout = \"1h\" }\n"
                      "[service.stubborn]\ncommand = [\"" +
                      Foster::actor("ignores_term") + "\"]\nstart-seconds = \"10ms\"\nstop = { timeout = \"1h\" }\n");
  (void)foster.run({"up", "-d", "--no-wait"});
  ASSERT_TRUE(foster.wait_for_state("later", "backoff"));
  ASSERT_TRUE(foster.wait_for_state("stubborn", "running"));
  ASSERT_TRUE(foster.wait_for_state("slow", "starting"));
  const auto stop = foster.begin({"stop", "stubborn"});
  ASSERT_TRUE(foster.wait_for_state("stubborn", "stopping"));
  const unsigned tries = foster.row("later").run;
  clock.sleep(kDay);
  const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return !is_alive(supervisor) && foster.run({"info"}).code == 0; }));
  EXPECT_EQ(foster.row("good").run, 1U);
  EXPECT_EQ(foster.row("good").state, "running");
  EXPECT_EQ(foster.row("later").state, "backoff");
  EXPECT_EQ(foster.row("later").run, tries);
  EXPECT_EQ(foster.row("slow").state, "starting");
  EXPECT_EQ(foster.row("stubborn").state, "stopping");
  EXPECT_EQ(foster.run({"signal", "KILL", "stubborn"}).code, 0);
  EXPECT_TRUE(foster.wait_for_state("stubborn", "stopped"));
}

}  // namespace
}  // namespace foster::e2e
