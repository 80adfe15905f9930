// foster lint: programs that do it right and programs that do not, started by it and running already.
#include "e2e/see.hpp"

namespace foster::e2e {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

struct Linted {
  int code;
  std::string err;
  json::object page;

  std::string verdict() const { return std::string(page.at("verdict").as_string()); }
  /// "pass", "warn" or "fail".
  std::string of(const std::string& rule) const { return member(rule, "verdict"); }
  std::string evidence(const std::string& rule) const { return member(rule, "evidence"); }

 private:
  std::string member(const std::string& rule, const char* name) const {
    for (const auto& one : page.at("rules").as_array()) {
      if (one.at("rule").as_string() == rule) return std::string(one.at(name).as_string());
    }
    return "no such rule";
  }
};

Linted lint(std::vector<std::string> words) {
  words.insert(words.begin(), {FOSTER_BINARY, "lint", "--json"});
  Finished finished = Running(words, {}).finish();
  boost::system::error_code error;
  const auto value = json::parse(finished.out, error);
  return {finished.code, finished.err, !error && value.is_object() ? value.as_object() : json::object()};
}

/// The processes of the machine whose command line holds this word.
std::vector<pid_t> running_with(const std::string& word) {
  std::vector<pid_t> found;
  for (const Pid pid : sys::list_pids()) {
    for (const std::string& argument : sys::read_cmdline(pid)) {
      if (argument == word) found.push_back(pid.number());
    }
  }
  return found;
}

TEST(LintOfACommand, ADaemonMadeBySetsidAndTwoForksPassesTheRulesOfItsSession) {
  const std::string word = Marked::seconds();
  const Linted found =
      lint({"--", "setsid", "bash", "-c",
            "cd /; umask 022; trap '' HUP PIPE; (exec sleep " + word + " </dev/null >/dev/null 2>&1 47>&- &)"});
  EXPECT_EQ(found.code, 0) << found.err << found.page;
  for (const char* rule : {"own-session", "no-terminal", "cannot-get-a-terminal", "parent", "working-directory",
                           "umask", "standard-streams", "inherited-descriptors", "deleted-files", "pidfile", "sighup",
                           "sigpipe", "sigterm", "children-reaped"}) {
    EXPECT_EQ(found.of(rule), "pass") << rule << ": " << found.evidence(rule);
  }
  EXPECT_TRUE(running_with(word).empty()) << "what lint starts it ends";
}

TEST(LintOfACommand, AProgramPutBehindItIsNoDaemon) {
  const std::string word = Marked::seconds();
  const Linted found = lint({"--", "sh", "-c", "umask 0; cd /proc; sleep " + word + " &"});
  EXPECT_EQ(found.code, 1);
  EXPECT_EQ(found.verdict(), "fail");
  for (const char* rule : {"own-session", "no-terminal", "umask", "standard-streams", "inherited-descriptors"}) {
    EXPECT_EQ(found.of(rule), "fail") << rule << ": " << found.evidence(rule);
  }
  EXPECT_EQ(found.of("working-directory"), "warn") << found.evidence("working-directory");
  EXPECT_THAT(json::serialize(found.page.at("seen")), HasSubstr("lost its parent"));
  EXPECT_TRUE(running_with(word).empty());
}

TEST(LintOfACommand, OneThatStaysInTheForegroundIsJudgedAsItIsAndEnded) {
  const std::string word = Marked::seconds();
  const Linted found = lint({"--wait", "1", "--", "sleep", word});
  EXPECT_EQ(found.code, 1);
  EXPECT_EQ(found.of("parent"), "fail");
  EXPECT_THAT(json::serialize(found.page.at("seen")), HasSubstr("stayed in the foreground"));
  EXPECT_TRUE(running_with(word).empty());
}

TEST(LintOfACommand, WhatIgnoresTermIsEndedAllTheSame) {
  const std::string word = Marked::seconds();
  const Linted found = lint({"--", "setsid", "sh", "-c", "trap '' TERM; (exec sleep " + word + " &)"});
  EXPECT_EQ(found.of("sigterm"), "fail");
  EXPECT_TRUE(running_with(word).empty());
}

TEST(LintOfACommand, FailuresToStartAreSaidWithTheirCause) {
  EXPECT_THAT(lint({"--", "/no/such/program"}).err, HasSubstr("/no/such/program: No such file or directory"));
  EXPECT_THAT(lint({"--", "/etc/passwd"}).err, HasSubstr("Permission denied"));
  const Linted failed = lint({"--", "sh", "-c", "echo this is why >&2; exit 3"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.err, HasSubstr("exited with code 3"));
  EXPECT_THAT(failed.err, HasSubstr("this is why"));
  EXPECT_EQ(lint({}).code, 2);
  EXPECT_EQ(lint({"--"}).code, 2);
  EXPECT_EQ(lint({"--wait", "0", "--", "true"}).code, 2);
  EXPECT_EQ(lint({"no-such-program"}).code, 4);
}

TEST(LintOfAProcess, ZombiesAndALogThatIsGoneAreFailures) {
  testing::TemporaryDirectory directory;
  const std::string log = directory.path("out.log");
  Running program({"setsid", "sh", "-c", "exec >" + log + " 2>&1; rm " + log + "; sleep 0 & exec sleep 1000"}, {});
  // Only once it is sleep: before, rm is a zombie of the shell's for a moment.
  ASSERT_TRUE(wait_until([&] { return runs(program.pid(), "sleep"); }));
  ASSERT_TRUE(wait_until([&] { return !zombies_below(program.pid()).empty(); }));
  const Linted found = lint({std::to_string(program.pid())});
  EXPECT_EQ(found.of("children-reaped"), "fail") << found.evidence("children-reaped");
  EXPECT_EQ(found.of("deleted-files"), "fail") << found.evidence("deleted-files");
  EXPECT_EQ(found.of("cannot-get-a-terminal"), "warn");
}

TEST(LintOfAProcess, AServiceOfFosterHasAGoodParent) {
  Foster foster;
  foster.write_config("[service." + own_service() + "]\ncommand = [\"sleep\", \"1000\"]\nstart-seconds = \"10ms\"\n");
  foster.up();
  const Linted found = lint({own_service()});
  EXPECT_EQ(found.of("parent"), "pass") << found.evidence("parent");
  EXPECT_EQ(found.of("own-session"), "pass") << found.evidence("own-session");
  EXPECT_EQ(found.of("standard-streams"), "pass") << found.evidence("standard-streams");
}

TEST(LintOfAProcess, OfAnotherUserSaysWhatCannotBeSeenAndFailsNothingForIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs another user to become";
  Running program({"setsid", "sleep", "1000"}, {});
  ASSERT_TRUE(wait_until([&] { return runs(program.pid(), "sleep"); }));
  const Finished finished = Running({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", FOSTER_BINARY,
                                     "lint", std::to_string(program.pid())},
                                    {})
                                .finish();
  EXPECT_EQ(finished.code, 0) << finished.out;
  EXPECT_THAT(finished.out, HasSubstr("standard-streams       cannot be seen"));
}

}  // namespace
}  // namespace foster::e2e
