// `foster run`: what replaces `cmd &`, nohup, setsid and daemonize.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

TEST(Run, DetachesFromTerminalSessionAndParent) {
  Foster foster;
  const Finished run = foster.run({"run", "-n", "web", "--", Foster::actor("counter"), "0", "100000"});
  ASSERT_EQ(run.code, 0) << run.err;
  const pid_t pid = foster.pid_of("web");
  ASSERT_TRUE(is_alive(pid));
  const auto stat = sys::read_stat(Pid(pid));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->tty_nr, 0);
  EXPECT_EQ(stat->session, pid);
  EXPECT_EQ(stat->ppid, foster.info().at("reaper").as_int64());
  EXPECT_NE(stat->session, ::getsid(0));
}

TEST(Run, SurvivesTheHangupOfItsCaller) {
  Foster foster;
  // A shell in a session of its own that starts the service and is hung up with everything in it.
  const std::string script = "\"$0\" run -n web -- \"$1\" 0 100000 && kill -HUP 0; exit 9";
  (void)foster.run_program({"setsid", "--wait", "sh", "-c", script, FOSTER_BINARY, Foster::actor("counter")});
  const Row row = foster.row("web");
  EXPECT_EQ(row.state, "running");
  EXPECT_TRUE(is_alive(row.pid.value_or(0)));
}

TEST(Run, MissingProgramIsNamedAndTheCommandFails) {
  Foster foster;
  const Finished run = foster.run({"run", "-n", "web", "--", "/no/such/program"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, ::testing::HasSubstr("/no/such/program"));
  EXPECT_THAT(run.err, ::testing::HasSubstr("No such file or directory"));
}

TEST(Run, ProgramThatEndsAtOnceIsReportedWithItsExit) {
  Foster foster;
  const Finished run = foster.run({"run", "-n", "web", "--", Foster::actor("exits"), "0", "3"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, ::testing::HasSubstr("exited with code 3"));
}

TEST(Run, TakesDirectoryAndEnvironmentOfItsCaller) {
  Foster foster;
  foster.environment["COLOUR"] = "green";
  const Finished run =
      foster.run({"run", "-n", "web", "--", Foster::actor("shows_itself"), foster.path("facts"), "a b", "*"});
  ASSERT_EQ(run.code, 0) << run.err;
  ASSERT_TRUE(foster.wait_until([&] { return ::access(foster.path("facts").c_str(), F_OK) == 0; }));
  const std::string facts = testing::contents_of(foster.path("facts"));
  EXPECT_THAT(facts, ::testing::HasSubstr("cwd=" + foster.directory() + "\n"));
  EXPECT_THAT(facts, ::testing::HasSubstr("env COLOUR=green\n"));
  EXPECT_THAT(facts, ::testing::HasSubstr("arg=a b\narg=*\n"));
  EXPECT_THAT(facts, ::testing::HasSubstr("env FOSTER_INSTANCE=web\n"));
}

TEST(Run, NameThatIsTakenIsRefusedAndTheFirstOneRunsOn) {
  Foster foster;
  ASSERT_EQ(foster.run({"run", "-n", "web", "--", Foster::actor("counter"), "0", "100000"}).code, 0);
  const pid_t first = foster.pid_of("web");
  const Finished second = foster.run({"run", "-n", "web", "--", Foster::actor("counter"), "0", "100000"});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, ::testing::HasSubstr("web"));
  EXPECT_EQ(foster.pid_of("web"), first);
}

TEST(ExitCodes, AreThoseOfTheContract) {
  Foster foster;
  EXPECT_EQ(foster.run({"ps"}).code, 5) << "no foster runs";
  EXPECT_EQ(foster.run({"no-such-command"}).code, 2);
  EXPECT_EQ(foster.run({"stop"}).code, 2) << "no name";
  ASSERT_EQ(foster.run({"run", "-n", "web", "--", Foster::actor("counter"), "0", "100000"}).code, 0);
  EXPECT_EQ(foster.run({"ps"}).code, 0);
  EXPECT_EQ(foster.run({"stop", "nobody"}).code, 4);
  EXPECT_EQ(foster.run({"logs", "nobody"}).code, 4);
  EXPECT_EQ(foster.run({"why", "nobody"}).code, 4);
  EXPECT_EQ(foster.run({"ps", "web"}).code, 0);
  EXPECT_EQ(foster.run({"stop", "web"}).code, 0);
  EXPECT_EQ(foster.run({"ps", "web"}).code, 3) << "not running, as LSB's status";
  EXPECT_EQ(foster.run({"start", "web"}).code, 0);
  EXPECT_EQ(foster.run({"--name", "elsewhere", "ps"}).code, 5);
}

TEST(Globs, WorkWhereverANameDoes) {
  Foster foster;
  for (const char* name : {"web-a", "web-b", "db"}) {
    ASSERT_EQ(foster.run({"run", "-n", name, "--", Foster::actor("counter"), "0", "100000"}).code, 0);
  }
  const pid_t before = foster.pid_of("web-a");
  const pid_t db = foster.pid_of("db");
  ASSERT_EQ(foster.run({"restart", "web*"}).code, 0);
  EXPECT_NE(foster.pid_of("web-a"), before);
  EXPECT_EQ(foster.pid_of("db"), db);
  ASSERT_EQ(foster.run({"stop", "*"}).code, 0);
  for (const Row& row : foster.ps()) EXPECT_EQ(row.state, "stopped") << row.name;
}

TEST(TwoFosters, OfOneNameInDifferentDirectoriesDoNotTouchEachOther) {
  Foster one;
  Foster other;
  for (Foster* foster : {&one, &other}) {
    ASSERT_EQ(foster->run({"run", "-n", "web", "--", Foster::actor("forks_twice"), foster->path("pid")}).code, 0);
  }
  const pid_t others = other.pid_of("web");
  ASSERT_TRUE(wait_until([&] { return !first_line_of(other.path("pid")).empty(); }));
  const pid_t others_stray = std::stoi(first_line_of(other.path("pid")));
  ASSERT_EQ(one.run({"stop", "web"}).code, 0);
  ASSERT_EQ(one.run({"down"}).code, 0);
  EXPECT_TRUE(is_alive(others));
  EXPECT_TRUE(is_alive(others_stray));
  ASSERT_EQ(other.run({"restart", "web"}).code, 0);
  EXPECT_FALSE(is_alive(others_stray));
}

TEST(Signal, ReachesTheMainProcessByName) {
  Foster foster;
  ASSERT_EQ(foster.run({"run", "-n", "web", "--restart", "never", "--", Foster::actor("counter"), "0", "100000"}).code,
            0);
  ASSERT_EQ(foster.run({"signal", "USR1", "web"}).code, 0);
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").exit_signal.has_value(); }));
  EXPECT_EQ(foster.row("web").exit_signal, "SIGUSR1");
  EXPECT_NE(foster.run({"signal", "NOSUCH", "web"}).code, 0);
}

TEST(Info, TellsThePidsThatTheKernelKnows) {
  Foster foster;
  ASSERT_EQ(foster.run({"run", "-n", "web", "--", Foster::actor("counter"), "0", "100000"}).code, 0);
  const auto info = foster.info();
  const auto reaper = static_cast<pid_t>(info.at("reaper").as_int64());
  const auto supervisor = static_cast<pid_t>(info.at("supervisor").as_int64());
  EXPECT_EQ(parent_of(supervisor), reaper);
  EXPECT_EQ(parent_of(foster.pid_of("web")), reaper);
  EXPECT_EQ(info.at("name").as_string(), "default");
  EXPECT_EQ(info.at("runtime_dir").as_string(), foster.path("run/default"));
  EXPECT_EQ(info.at("state_dir").as_string(), foster.path("state/default"));
  EXPECT_TRUE(info.at("config").is_null());
  EXPECT_EQ(info.at("version").as_string(), FOSTER_VERSION);
}

}  // namespace
}  // namespace foster::e2e
