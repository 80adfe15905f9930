// foster watch: a double fork as it happens, seen by looks and told by the kernel.
#include <array>
#include <csignal>
#include <map>
#include <optional>

#include "e2e/see.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

TEST(Watch, SeesADoubleForkHappenAndEndsWithTheLast) {
  const std::string word = Marked::seconds();
  std::array<int, 2> go{};
  ASSERT_EQ(::pipe2(go.data(), O_CLOEXEC), 0);
  const UniqueFd reader(go[0]);
  const UniqueFd writer(go[1]);
  // Slow enough at each step to be seen.
  Running program({"sh", "-c", "read go; (sleep 0.3; exec setsid sh -c 'sleep " + word + " & sleep 0.3'); exit"}, {},
                  reader.get());
  Running watch({FOSTER_BINARY, "watch", "--every", "5", std::to_string(program.pid())}, {{"NO_COLOR", "1"}});
  ASSERT_TRUE(wait_until([&] { return watch.err().find("watching 1 process, every 5 ms") != std::string::npos; }));
  ASSERT_EQ(::write(writer.get(), "\n", 1), 1);
  Marked marked;
  const pid_t daemon = marked.find(word);
  const std::string number = std::to_string(daemon);
  const auto has_seen = [&](const std::string& text) {
    return wait_until([&] { return watch.out().find(text) != std::string::npos; });
  };
  EXPECT_TRUE(has_seen("was forked by " + std::to_string(program.pid()))) << watch.out();
  EXPECT_TRUE(has_seen("made session")) << watch.out();
  EXPECT_TRUE(has_seen(number + " lost its parent, and was adopted by ")) << watch.out();
  EXPECT_EQ(program.finish().code, 0);
  ::kill(daemon, SIGKILL);
  const Finished finished = watch.finish();
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, HasSubstr("(" + number + ") ended"));
}

/// Whether the kernel tells events to who runs this test; otherwise what is told is a matter of luck.
bool is_told_by_the_kernel(Running& watch) {
  EXPECT_TRUE(wait_until([&] { return watch.err().find("watching 1 process, ") != std::string::npos; }));
  return watch.err().find("told by the kernel") != std::string::npos;
}

/// A program that waits for a line, and then goes on.
struct Waiting {
  explicit Waiting(const std::string& commands)
      : Waiting(std::vector<std::string>{"bash", "-c", "read go; " + commands}) {}
  explicit Waiting(const std::vector<std::string>& argv) {
    std::array<int, 2> go{};
    EXPECT_EQ(::pipe2(go.data(), O_CLOEXEC), 0);
    input.reset(go[0]);
    writer.reset(go[1]);
    program.emplace(argv, std::map<std::string, std::string>{}, input.get());
  }
  void go() const { EXPECT_EQ(::write(writer.get(), "\n", 1), 1); }

  UniqueFd input;
  UniqueFd writer;
  std::optional<Running> program;
};

TEST(WatchByEvents, MissesNothingHoweverBrief) {
  Waiting shell("for n in 1 2 3 4 5 6 7 8 9 10; do (exit 7); done; (kill -SEGV $BASHPID); exit 3");
  Running watch({FOSTER_BINARY, "watch", "--json", std::to_string(shell.program->pid())}, {});
  if (!is_told_by_the_kernel(watch)) GTEST_SKIP() << watch.err();
  shell.go();
  const Finished finished = watch.finish();
  EXPECT_EQ(finished.code, 0);
  std::map<std::string, int> events;
  int sevens = 0;
  for (std::size_t at = 0; at < finished.out.size();) {
    const auto end = finished.out.find('\n', at);
    const auto line = boost::json::parse(finished.out.substr(at, end - at)).as_object();
    at = end + 1;
    ++events[std::string(line.at("event").as_string())];
    const auto* exit = line.at("exit").if_object();
    if (exit != nullptr && exit->if_contains("code") != nullptr && exit->at("code").as_int64() == 7) ++sevens;
  }
  EXPECT_EQ(events["fork"], 11) << finished.out;
  EXPECT_EQ(events["exit"], 12) << finished.out;
  EXPECT_EQ(events["coredump"], 1) << finished.out;
  EXPECT_EQ(sevens, 10) << finished.out;
  EXPECT_THAT(finished.out, HasSubstr(R"("exit":{"signal":"SIGSEGV"})"));
}

TEST(WatchByEvents, LostOnesAreToldAndHealedByALook) {
  const std::string word = Marked::seconds();
  Waiting shell(std::vector<std::string>{Foster::actor("forks_many"), "3500", "sh", "-c", "sleep " + word + " & wait"});
  Running watch({FOSTER_BINARY, "watch", std::to_string(shell.program->pid())}, {{"NO_COLOR", "1"}});
  if (!is_told_by_the_kernel(watch)) GTEST_SKIP() << watch.err();
  watch.signal(SIGSTOP);
  ASSERT_TRUE(wait_until([&] { return state_of(watch.pid()) == 'T'; }));
  shell.go();
  Marked marked;
  ASSERT_TRUE(wait_until([&] { return runs(shell.program->pid(), "sh"); }, 120s));
  // The last of them, which the look must find.
  const pid_t sleeper = marked.find(word);
  ASSERT_GT(sleeper, 0);
  watch.signal(SIGCONT);
  const std::string found = "(" + std::to_string(sleeper) + ")";
  ASSERT_TRUE(wait_until([&] { return watch.out().find(found) != std::string::npos; })) << watch.err();
  EXPECT_NE(watch.out().find("events were lost"), std::string::npos);
  ::kill(sleeper, SIGKILL);
  const Finished finished = watch.finish();
  EXPECT_EQ(finished.code, 0);
  EXPECT_NE(finished.out.find(found + " was killed by SIGKILL"), std::string::npos);
}

TEST(WatchByEvents, EndsBySignalAsAShellExpects) {
  Waiting shell("exit");
  Running watch({FOSTER_BINARY, "watch", std::to_string(shell.program->pid())}, {});
  (void)is_told_by_the_kernel(watch);
  watch.signal(SIGINT);
  EXPECT_EQ(watch.finish().code, 128 + SIGINT);
}

TEST(Watch, LooksWhereTheKernelTellsNothing) {
  Waiting shell("exit");
  Running watch({FOSTER_BINARY, "watch", std::to_string(shell.program->pid())}, {{"FOSTER_WITHOUT", "proc_connector"}});
  EXPECT_FALSE(is_told_by_the_kernel(watch));
  EXPECT_THAT(watch.err(), HasSubstr("every 10 ms; what is quicker than that is not seen"));
  shell.go();
  const Finished finished = watch.finish();
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, HasSubstr("(" + std::to_string(shell.program->pid()) + ") ended"));
}

TEST(Watch, RefusesWhatMakesNoSense) {
  const auto code = [](std::vector<std::string> words) {
    words.insert(words.begin(), {FOSTER_BINARY, "watch"});
    return Running(words, {}).finish().code;
  };
  EXPECT_EQ(code({"no-such-program"}), 4);
  EXPECT_EQ(code({"--every", "0"}), 2);
}

}  // namespace
}  // namespace foster::e2e
