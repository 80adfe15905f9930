// foster explain: what a demonstration claims is so, seen from outside by /proc, and nobody is left of it.
#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <sstream>

#include "e2e/see.hpp"

namespace foster::e2e {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

Finished explain(std::vector<std::string> words) {
  words.insert(words.begin(), {FOSTER_BINARY, "explain"});
  return Running(words, {{"NO_COLOR", "1"}}).finish();
}

std::vector<std::string> all_topics() {
  std::vector<std::string> names;
  const auto page = json::parse(explain({"--json"}).out);
  for (const auto& topic : page.at("topics").as_array()) {
    names.emplace_back(topic.at("topic").as_string());
  }
  return names;
}

bool is_puppet(pid_t pid) {
  const auto words = sys::read_cmdline(Pid(pid));
  return !words.empty() && words.front() == "foster: puppet" && is_alive(pid);
}

/// Whoever descends from this process now.
std::vector<pid_t> below(pid_t top) {
  std::vector<pid_t> found = children_of(top);
  for (std::size_t at = 0; at < found.size(); ++at) {
    for (const pid_t child : children_of(found[at])) found.push_back(child);
  }
  return found;
}

/// A demonstration that waits after each scene.
class Play {
 public:
  explicit Play(const std::string& topic) {
    std::array<int, 2> line{};
    EXPECT_EQ(::pipe2(line.data(), O_CLOEXEC), 0);
    input_.reset(line[0]);
    writer_.reset(line[1]);
    program_.emplace(std::vector<std::string>{FOSTER_BINARY, "explain", topic, "--step"},
                     std::map<std::string, std::string>{{"NO_COLOR", "1"}}, input_.get());
    wait_for_scene();
  }

  void next() {
    EXPECT_EQ(::write(writer_.get(), "\n", 1), 1);
    wait_for_scene();
  }

  pid_t pid() const { return program_->pid(); }
  pid_t guard() const {
    const auto children = children_of(pid());
    return children.size() == 1 ? children.front() : -1;
  }
  /// -1: nobody plays this part now.
  pid_t part(const std::string& role) const {
    for (const pid_t pid : below(program_->pid())) {
      const auto stat = sys::read_stat(Pid(pid));
      if (stat && role == stat->comm) return pid;
    }
    return -1;
  }
  sys::ProcessStat facts(const std::string& role) const {
    const pid_t pid = part(role);
    EXPECT_GT(pid, 0) << role << "\n" << program_->out();
    return pid > 0 ? sys::read_stat(Pid(pid)).value_or(sys::ProcessStat{}) : sys::ProcessStat{};
  }
  bool is_gone(const std::string& role) const { return part(role) < 0; }

  /// After the last scene.
  void expect_end() {
    const auto players = below(pid());
    writer_.reset();
    const Finished finished = program_->finish();
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    for (const pid_t player : players) EXPECT_FALSE(is_puppet(player)) << player;
  }
  Running& program() { return *program_; }

 private:
  void wait_for_scene() {
    ++scenes_;
    EXPECT_TRUE(wait_until(
        [&] {
          std::size_t seen = 0;
          const std::string& text = program_->err();
          for (auto at = text.find("(Enter"); at != std::string::npos; at = text.find("(Enter", at + 1)) ++seen;
          return seen >= scenes_;
        },
        60s))
        << program_->out() << program_->err();
  }

  UniqueFd input_;
  UniqueFd writer_;
  mutable std::optional<Running> program_;
  std::size_t scenes_ = 0;
};

TEST(Explain, EveryTopicIsTrueAndLeavesNobodyBehind) {
  const auto names = all_topics();
  EXPECT_GE(names.size(), 12U);
  for (const std::string& name : names) {
    const Finished finished = explain({name, "--json"});
    EXPECT_EQ(finished.code, 0) << name << finished.err;
    const auto page = json::parse(finished.out).as_object();
    EXPECT_TRUE(page.at("ok").as_bool()) << finished.out;
    EXPECT_GE(page.at("scenes").as_array().size(), 2U) << name;
    for (const auto& scene : page.at("scenes").as_array()) {
      EXPECT_FALSE(scene.at("facts").as_array().empty()) << scene;
      for (const auto& process : scene.at("processes").as_array()) {
        EXPECT_FALSE(is_puppet(static_cast<pid_t>(process.at("pid").as_int64()))) << name << process;
      }
    }
  }
}

TEST(Explain, EveryTextIsShortAndFitsATerminal) {
  for (const std::string& name : all_topics()) {
    const auto page = json::parse(explain({name, "--json", "--no-demo"}).out).as_object();
    EXPECT_TRUE(page.at("scenes").is_null()) << name;
    std::istringstream text{std::string(page.at("text").as_string())};
    int lines = 0;
    for (std::string line; std::getline(text, line); ++lines) EXPECT_LE(line.size(), 79U) << name << ": " << line;
    EXPECT_GE(lines, 15) << name;
    EXPECT_LE(lines, 40) << name;
  }
}

TEST(Explain, TheListNamesTheTopicsAndAMistypedOneIsGuessed) {
  EXPECT_THAT(explain({}).out, HasSubstr("double-fork"));
  const Finished finished = explain({"zombi"});
  EXPECT_EQ(finished.code, 4);
  EXPECT_THAT(finished.err, HasSubstr("did you mean zombie?"));
}

TEST(ExplainShows, AProcessItsChildAndTheWait) {
  Play play("process");
  EXPECT_EQ(play.facts("child").ppid, play.part("parent"));
  play.next();
  EXPECT_EQ(play.facts("child").state, 'Z');
  play.next();
  EXPECT_TRUE(play.is_gone("child"));
  play.expect_end();
}

TEST(ExplainShows, AZombieThatOnlyAWaitOrTheEndOfItsParentRemoves) {
  Play play("zombie");
  EXPECT_EQ(play.facts("child").state, 'Z');
  EXPECT_EQ(play.facts("child").ppid, play.part("parent"));
  play.next();
  EXPECT_EQ(play.facts("child").state, 'Z') << "killed, and still there";
  play.next();
  EXPECT_TRUE(play.is_gone("child"));
  play.next();
  EXPECT_EQ(play.facts("second").state, 'Z');
  play.next();
  EXPECT_TRUE(play.is_gone("second") && play.is_gone("parent"));
  play.expect_end();
}

TEST(ExplainShows, AnOrphanThatKeepsItsSession) {
  Play play("orphan");
  const pid_t child = play.part("child");
  EXPECT_EQ(play.facts("child").ppid, play.part("parent"));
  play.next();
  EXPECT_TRUE(play.is_gone("parent"));
  EXPECT_EQ(play.part("child"), child);
  EXPECT_EQ(play.facts("child").ppid, play.guard());
  EXPECT_EQ(play.facts("child").session, play.part("shell"));
  play.expect_end();
}

TEST(ExplainShows, ASubreaperAndTheNextOne) {
  Play play("subreaper");
  EXPECT_EQ(play.facts("child").ppid, play.part("parent"));
  play.next();
  EXPECT_EQ(play.facts("child").ppid, play.part("manager"));
  play.next();
  EXPECT_EQ(play.facts("child").ppid, play.guard());
  play.expect_end();
}

TEST(ExplainShows, AGroupThatEndsAsOne) {
  Play play("process-group");
  const pid_t first = play.part("first");
  EXPECT_EQ(play.facts("second").pgrp, first);
  EXPECT_EQ(play.facts("first").pgrp, first);
  EXPECT_NE(play.facts("shell").pgrp, first);
  play.next();
  EXPECT_TRUE(play.is_gone("first") && play.is_gone("second"));
  EXPECT_FALSE(play.is_gone("shell"));
  play.expect_end();
}

TEST(ExplainShows, ASessionThatIsLeft) {
  Play play("session");
  EXPECT_NE(play.facts("helper").tty_nr, 0);
  EXPECT_EQ(play.facts("helper").session, play.part("shell"));
  play.next();
  EXPECT_EQ(play.facts("helper").tty_nr, 0);
  EXPECT_EQ(play.facts("helper").session, play.part("helper"));
  EXPECT_EQ(play.facts("job").session, play.part("shell"));
  play.next();
  EXPECT_EQ(play.facts("job").session, play.part("shell"));
  play.expect_end();
}

TEST(ExplainShows, WhomCtrlCReaches) {
  Play play("terminal");
  EXPECT_EQ(play.facts("shell").tpgid, play.part("reader"));
  play.next();
  EXPECT_TRUE(play.is_gone("reader"));
  EXPECT_FALSE(play.is_gone("other"));
  EXPECT_EQ(play.facts("shell").tpgid, play.part("shell"));
  play.expect_end();
}

TEST(ExplainShows, AJobThatIsStoppedAndContinued) {
  Play play("job-control");
  EXPECT_EQ(play.facts("shell").tpgid, play.part("editor"));
  play.next();
  EXPECT_EQ(play.facts("editor").state, 'T');
  play.next();
  EXPECT_NE(play.facts("editor").state, 'T');
  EXPECT_EQ(play.facts("shell").tpgid, play.part("shell"));
  play.next();
  EXPECT_EQ(play.facts("shell").tpgid, play.part("editor"));
  play.expect_end();
}

TEST(ExplainShows, WhomTheHangupTakesAlong) {
  Play play("hangup");
  EXPECT_EQ(play.facts("behind").tpgid, play.part("front"));
  play.next();
  EXPECT_TRUE(play.is_gone("shell") && play.is_gone("front"));
  EXPECT_EQ(play.facts("behind").tty_nr, 0);
  play.expect_end();
}

TEST(ExplainShows, ThatIgnoringTheHangupHelps) {
  Play play("nohup");
  EXPECT_EQ(play.facts("plain").pgrp, play.facts("deaf").pgrp);
  EXPECT_NE(sys::read_status(Pid(play.part("deaf")))->ignored & 1U, 0U);
  play.next();
  EXPECT_TRUE(play.is_gone("plain"));
  EXPECT_EQ(play.facts("deaf").tty_nr, 0);
  play.expect_end();
}

TEST(ExplainShows, WhatADoubleForkLeaves) {
  Play play("double-fork");
  const pid_t middle = play.part("middle");
  EXPECT_EQ(play.facts("daemon").session, middle);
  play.next();
  EXPECT_TRUE(play.is_gone("middle") && play.is_gone("launcher"));
  EXPECT_EQ(play.facts("daemon").session, middle);
  EXPECT_EQ(play.facts("daemon").ppid, play.guard());
  play.next();
  EXPECT_EQ(play.facts("daemon").tty_nr, 0);
  EXPECT_NE(play.facts("leader").tty_nr, 0);
  play.expect_end();
}

TEST(ExplainShows, ADaemonBesideABackgroundJob) {
  Play play("daemon");
  EXPECT_NE(play.facts("behind").tty_nr, 0);
  play.next();
  EXPECT_EQ(play.facts("daemon").tty_nr, 0);
  EXPECT_EQ(play.facts("daemon").ppid, play.guard());
  EXPECT_NE(play.facts("daemon").session, play.facts("behind").session);
  play.expect_end();
}

TEST(ExplainShows, APidfileThatOutlivesItsOwnerButNotItsLock) {
  Play play("pidfile");
  const std::string& text = play.program().out();
  const auto at = text.rfind("/foster-explain-");
  ASSERT_NE(at, std::string::npos);
  const auto begin = text.rfind(' ', at) + 1;
  const std::string path = text.substr(begin, text.find('\n', begin) - begin);
  EXPECT_EQ(first_line_of(path), std::to_string(play.part("first")));
  play.next();
  EXPECT_EQ(first_line_of(path), std::to_string(play.part("first")));
  const std::string killed = first_line_of(path);
  play.next();
  EXPECT_TRUE(play.is_gone("first"));
  EXPECT_EQ(first_line_of(path), killed) << "a leftover";
  play.next();
  EXPECT_EQ(first_line_of(path), std::to_string(play.part("second")));
  play.next();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
  play.expect_end();
  EXPECT_NE(::access(path.substr(0, path.rfind('/')).c_str(), F_OK), 0) << "its directory is left";
}

TEST(ExplainShows, AServiceThatRunsBeforeItIsReady) {
  Play play("readiness");
  EXPECT_FALSE(play.is_gone("service"));
  play.next();
  EXPECT_THAT(play.program().out(), HasSubstr("heard: READY=1"));
  play.expect_end();
}

TEST(ExplainShows, WorkersOfOneMasterAndOneThatReplacesAnother) {
  Play play("prefork");
  for (const char* worker : {"worker-1", "worker-2", "worker-3"}) {
    EXPECT_EQ(play.facts(worker).ppid, play.part("master")) << worker;
  }
  play.next();
  EXPECT_EQ(play.facts("worker-2").state, 'Z');
  play.next();
  EXPECT_TRUE(play.is_gone("worker-2"));
  EXPECT_EQ(play.facts("worker-4").ppid, play.part("master"));
  play.expect_end();
}

TEST(ExplainEnds, EverybodyWhateverEndsIt) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL}) {
    Play play("orphan");
    play.next();
    const auto players = below(play.pid());
    EXPECT_GE(players.size(), 3U);
    play.program().signal(signal);
    EXPECT_EQ(play.program().finish().code, 128 + signal);
    EXPECT_TRUE(wait_until([&] { return std::ranges::none_of(players, is_alive); })) << signal;
  }
}

TEST(ExplainEnds, EverybodyWithCtrlC) {
  testing::Terminal terminal({FOSTER_BINARY, "explain", "terminal", "--step"});
  ASSERT_TRUE(wait_for_screen(terminal, "(Enter goes on)"));
  const auto players = below(terminal.leader());
  EXPECT_GE(players.size(), 3U);
  terminal.press_ctrl_c();
  ASSERT_TRUE(wait_until([&] {
    (void)terminal.screen();
    return terminal.has_ended();
  }));
  EXPECT_TRUE(std::ranges::none_of(players, is_alive));
}

}  // namespace
}  // namespace foster::e2e
