// foster top on the screen of a real terminal emulator, at several sizes.
#include <csignal>
#include <regex>

#include "e2e/see.hpp"
#include "e2e/tmux.hpp"

namespace foster::e2e {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Everything that differs from run to run, by a word: "12.3 MB" and "-" become "#", bars nothing, blanks one.
std::string plain(const std::string& screen) {
  std::string text = std::regex_replace(screen, std::regex("▁|▂|▃|▄|▅|▆|▇|█"), "");
  text = std::regex_replace(text, std::regex(R"(\b\d+(\.\d+)?( [kMG]?B|%)?|(\d+[smhd] ?)+)"), "#");
  text = std::regex_replace(text, std::regex(R"(#[smhd]?( #[smhd])*)"), "#");
  return std::regex_replace(text, std::regex(" +"), " ");
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

class Top : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Running({"tmux", "-V"}, {}).finish().code != 0) GTEST_SKIP() << "tmux is not installed";
    foster.write_config(R"(
[service.web]
command = ["sh", "-c", "echo hello from web; exec sleep 100000"]
[service.idle]
command = ["sleep", "100000"]
autostart = false
[service.broken]
command = ["sh", "-c", "echo out of cheese; exit 3"]
ready = "notify"
restart = "never"
)");
    (void)foster.run({"up", "-d"});  // what ends early may or may not have been ready
    ASSERT_TRUE(foster.wait_for_state("broken", "exited"));
  }

  [[nodiscard]] std::unique_ptr<Tmux> open(unsigned columns, unsigned rows, const std::string& command) {
    return std::make_unique<Tmux>(foster.environment, foster.directory(), columns, rows,
                                  "cd " + foster.directory() + " && " + command);
  }
  /// The screen of `foster top`, once there are rates on it.
  [[nodiscard]] std::unique_ptr<Tmux> open_top(unsigned columns, unsigned rows) {
    // A shell around it, so that the window stays when it has ended.
    auto tmux = open(columns, rows, "sh -c '" + std::string(FOSTER_BINARY) + " top; echo it ended with $?; exec cat'");
    EXPECT_TRUE(tmux->shows("> web"));
    return tmux;
  }

  /// `foster top` itself.
  [[nodiscard]] pid_t top_pid(Tmux& tmux) {
    const pid_t shell = tmux.pane_pid();
    pid_t found = 0;
    EXPECT_TRUE(wait_until([&] {
      for (const pid_t child : children_of(shell)) found = child;
      return found > 0;
    }));
    return found;
  }

  Foster foster;
};

TEST_F(Top, ShowsTheServicesOnTheUsualScreen) {
  const auto tmux = open_top(80, 24);
  EXPECT_TRUE(tmux->shows("%"));
  const std::string screen = tmux->screen();
  EXPECT_EQ(lines_in(screen), 24U) << screen;
  EXPECT_THAT(plain(screen), StartsWith("foster test # services: # running, # stopped, # exited cpu # memory #\n"
                                        " NAME STATE PID CPU LATELY MEMORY RESTARTS UPTIME\n"
                                        "> web running # # # # #\n"
                                        " idle stopped - - - # -\n"
                                        " broken exited - - - # -\n"
                                        "\n\n\n"));
  EXPECT_THAT(plain(screen), EndsWith("\n\nweb: ready: up for #\n"
                                      "q quit ? help s start x stop r restart l logs w why o order / find\n"));
  // Right-aligned numbers end below their titles.
  const auto line = [&](int number) {
    std::size_t begin = 0;
    while (number-- > 0) begin = screen.find('\n', begin) + 1;
    return screen.substr(begin, screen.find('\n', begin) - begin);
  };
  EXPECT_EQ(line(1).size(), line(2).size()) << screen;
  EXPECT_EQ(line(1).find("STATE"), line(2).find("running")) << screen;
}

TEST_F(Top, FollowsTheSizeOfItsWindow) {
  const auto tmux = open_top(80, 24);
  tmux->resize(120, 40);
  EXPECT_TRUE(tmux->shows(" WHY\n"));
  EXPECT_EQ(lines_in(tmux->screen()), 40U);
  tmux->resize(40, 12);
  EXPECT_TRUE(wait_until([&] { return tmux->screen().find("UPTIME") == std::string::npos; }));
  EXPECT_TRUE(tmux->shows("\nq quit  ? help  s start  x stop\n")) << tmux->screen();
  EXPECT_THAT(plain(tmux->screen()), StartsWith("foster test # services: # running, # s…\n"
                                                " NAME STATE CPU MEMORY\n"
                                                "> web running "));
  tmux->resize(20, 3);
  EXPECT_TRUE(tmux->shows("> web"));
  EXPECT_TRUE(wait_until([&] { return lines_in(tmux->screen()) == 3; }));
  tmux->resize(80, 24);
  EXPECT_TRUE(tmux->shows(" UPTIME\n"));
}

TEST_F(Top, KeysStartStopAndRestart) {
  const auto tmux = open_top(80, 24);
  tmux->press({"Down", "s"});
  EXPECT_TRUE(foster.wait_for_state("idle", "running"));
  EXPECT_TRUE(tmux->shows("idle started")) << tmux->screen();
  const pid_t first = foster.pid_of("idle");
  tmux->press({"r"});
  EXPECT_TRUE(tmux->shows("idle restarted")) << tmux->screen();
  EXPECT_NE(foster.pid_of("idle"), first);
  tmux->press({"x"});
  EXPECT_TRUE(foster.wait_for_state("idle", "stopped"));
  EXPECT_TRUE(tmux->shows("idle stopped")) << tmux->screen();
}

TEST_F(Top, AFailedActionIsToldInTheMessageLine) {
  const auto tmux = open_top(80, 24);
  tmux->press({"Down", "Down", "s"});
  EXPECT_TRUE(tmux->shows("\nbroken did not become ready: ")) << tmux->screen();
}

TEST_F(Top, AsksBeforeItStopsAll) {
  const auto tmux = open_top(80, 24);
  tmux->press({"a", "x"});
  EXPECT_TRUE(tmux->shows("\nstop all 3 services? y/n\n")) << tmux->screen();
  tmux->press({"n"});
  EXPECT_TRUE(tmux->shows("\nnothing was asked to stop\n"));
  EXPECT_EQ(foster.row("web").state, "running");
  tmux->press({"x"});
  EXPECT_TRUE(tmux->shows("\nstop all 3 services? y/n\n"));
  tmux->press({"y"});
  EXPECT_TRUE(foster.wait_for_state("web", "stopped"));
  EXPECT_TRUE(tmux->shows("\nall services stopped\n")) << tmux->screen();
}

TEST_F(Top, ShowsTheOutputAsItComesAndWhy) {
  const auto tmux = open_top(60, 16);
  tmux->press({"l"});
  EXPECT_TRUE(tmux->shows("Output of web\nhello from web\n")) << tmux->screen();
  tmux->press({"q"});
  EXPECT_TRUE(tmux->shows("> web"));
  tmux->press({"End", "w"});
  EXPECT_TRUE(tmux->shows("exited with code 3")) << tmux->screen();
  tmux->press({"End"});
  EXPECT_TRUE(tmux->shows("| out of cheese")) << tmux->screen();
  tmux->press({"q", "?"});
  EXPECT_TRUE(tmux->shows("Keys of foster top")) << tmux->screen();
}

TEST_F(Top, GivesTheTerminalBackHoweverItEnds) {
  struct Case {
    const char* name;
    std::function<void(Tmux&, pid_t)> end;
    const char* code;
  };
  const Case cases[] = {
      {"q", [](Tmux& tmux, pid_t) { tmux.press({"q"}); }, "it ended with 0"},
      {"Ctrl-C", [](Tmux& tmux, pid_t) { tmux.press({"C-c"}); }, "it ended with 0"},
      {"SIGTERM", [](Tmux&, pid_t pid) { ::kill(pid, SIGTERM); }, "it ended with 143"},
      {"SIGHUP", [](Tmux&, pid_t pid) { ::kill(pid, SIGHUP); }, "it ended with 129"},
  };
  for (const Case& one : cases) {
    const auto tmux = open(80, 24, "bash --norc --noprofile -i");
    tmux->type_line("PS1='ready> '");
    ASSERT_TRUE(tmux->shows("\nready>")) << tmux->screen();
    tmux->type_line("stty -a > before; " + std::string(FOSTER_BINARY) +
                    " top; echo it ended with $?; stty -a > after; cmp before after && echo the same");
    ASSERT_TRUE(tmux->shows("> web")) << one.name << tmux->screen();
    EXPECT_EQ(tmux->flags(), "1 0 0") << one.name;
    one.end(*tmux, top_pid(*tmux));
    EXPECT_TRUE(tmux->shows(std::string("\n") + one.code + "\nthe same\n")) << one.name << tmux->screen();
    EXPECT_EQ(tmux->flags(), "0 1 1") << one.name;
    EXPECT_THAT(tmux->screen(), Not(HasSubstr("> web"))) << one.name;
  }
}

TEST_F(Top, CanBeStoppedAndContinuedByTheShell) {
  const auto tmux = open(80, 24, "bash --norc --noprofile -i");
  tmux->type_line(std::string(FOSTER_BINARY) + " top");
  ASSERT_TRUE(tmux->shows("> web"));
  tmux->press({"C-z"});
  EXPECT_TRUE(tmux->shows("Stopped")) << tmux->screen();
  EXPECT_EQ(tmux->flags(), "0 1 1");
  tmux->type_line("fg");
  EXPECT_TRUE(tmux->shows("> web")) << tmux->screen();
  EXPECT_EQ(tmux->flags(), "1 0 0");
  tmux->press({"q"});
  EXPECT_TRUE(wait_until([&] { return tmux->flags() == "0 1 1"; }));
}

TEST_F(Top, EndsWhenTheConnectionIsLost) {
  pid_t pid = 0;
  {
    const auto tmux = open_top(80, 24);
    pid = top_pid(*tmux);
    ASSERT_GT(pid, 0);
  }
  EXPECT_TRUE(wait_until([&] { return !is_alive(pid); }));
}

TEST_F(Top, GoesOnWhenTheSupervisorIsReplacedAndWhenFosterIsBack) {
  const auto tmux = open_top(80, 24);
  const auto before = foster.info().at("supervisor").to_number<pid_t>();
  ::kill(before, SIGKILL);
  tmux->press({"Down", "s"});
  EXPECT_TRUE(foster.wait_for_state("idle", "running"));
  EXPECT_TRUE(tmux->shows(": 2 running, ")) << tmux->screen();
  EXPECT_EQ(foster.run({"down"}).code, 0);
  EXPECT_TRUE(tmux->shows("test has ended; waiting for it to come back\n")) << tmux->screen();
  (void)foster.run({"up", "-d"});  // what ends early may or may not have been ready
  EXPECT_TRUE(wait_until([&] { return tmux->screen().find("has ended") == std::string::npos; })) << tmux->screen();
  EXPECT_TRUE(tmux->shows("> idle")) << tmux->screen();
}

TEST_F(Top, SaysSoWhenNobodyAnswersAndKeysStillWork) {
  const auto tmux = open_top(80, 24);
  const auto supervisor = foster.info().at("supervisor").to_number<pid_t>();
  ::kill(supervisor, SIGSTOP);
  EXPECT_TRUE(tmux->shows("test has not answered for ")) << tmux->screen();
  tmux->press({"Down"});
  EXPECT_TRUE(tmux->shows("> idle")) << tmux->screen();
  ::kill(supervisor, SIGCONT);
  EXPECT_TRUE(wait_until([&] { return tmux->screen().find("has not answered") == std::string::npos; }));
}

TEST_F(Top, HasColoursUnlessNobodyWantsThem) {
  const std::string green = "\x1b[32mrunning";
  foster.environment["NO_COLOR"] = "";
  {
    const auto tmux = open_top(80, 24);
    tmux->press({"Down"});
    EXPECT_TRUE(wait_until([&] { return tmux->screen_with_colours().find(green) != std::string::npos; }))
        << tmux->screen_with_colours();
  }
  foster.environment["NO_COLOR"] = "1";
  const auto tmux = open_top(80, 24);
  tmux->press({"Down"});
  EXPECT_TRUE(tmux->shows("> idle"));
  EXPECT_FALSE(std::regex_search(tmux->screen_with_colours(), std::regex("\x1b\\[[0-9;]*(3[0-7]|9[0-7])m")))
      << tmux->screen_with_colours();
}

TEST_F(Top, WithoutAUtf8LocaleItDrawsInAscii) {
  const auto tmux = open(80, 24, "sh -c 'LC_ALL=C " + std::string(FOSTER_BINARY) + " top; exec cat'");
  EXPECT_TRUE(tmux->shows("> web"));
  tmux->resize(40, 12);
  EXPECT_TRUE(tmux->shows(", 1 s~\n")) << tmux->screen();
}

TEST_F(Top, PrintsOneScreenAsTextWithoutATerminal) {
  const Finished finished = foster.run({"top", "--once"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(plain(finished.out),
            "foster test # services: # running, # stopped, # exited cpu # memory #\n"
            " NAME STATE PID CPU LATELY MEMORY RESTARTS UPTIME WHY\n"
            "> web running # # # # # ready: up for #\n"
            " idle stopped - - - # -\n"
            " broken exited - - - # - exited with code #\n");
  const Finished two = foster.run({"top", "-n", "2", "web"});
  EXPECT_EQ(lines_in(two.out), 7U) << two.out;
  EXPECT_EQ(foster.run({"top", "--once", "nobody"}).code, 4);
}

TEST_F(Top, RefusesWhatCannotShowAScreen) {
  const Finished piped = foster.run({"top"});
  EXPECT_EQ(piped.code, 2);
  EXPECT_THAT(piped.err, HasSubstr("foster top --once"));
  const Finished json = foster.run({"top", "--json"});
  EXPECT_EQ(json.code, 2);
  EXPECT_THAT(json.err, HasSubstr("foster ps --json"));
  const auto tmux = open(80, 24, "sh -c 'TERM=dumb " + std::string(FOSTER_BINARY) + " top; exec cat'");
  EXPECT_TRUE(tmux->shows("this terminal can show no screen (TERM=dumb); one screen as text"));
}

}  // namespace
}  // namespace foster::e2e
