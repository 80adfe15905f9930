// foster watch: a double fork as it happens.
#include <array>
#include <csignal>

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
