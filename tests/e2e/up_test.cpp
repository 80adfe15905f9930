// `foster up`: services of a file, their order, and what a changed file does.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

std::string counter(const std::string& name, const std::string& more = "") {
  return "[service." + name + "]\ncommand = [\"" + Foster::actor("counter") +
         "\", \"0\", \"50000\"]\nstart-seconds = \"50ms\"\n" + more + "\n";
}

TEST(Up, ReturnsWhenAllAreReady) {
  Foster foster;
  foster.write_config(counter("a") + counter("b", "workers = 3"));
  foster.up();
  const auto rows = foster.ps();
  ASSERT_EQ(rows.size(), 4U);
  for (const Row& row : rows) {
    EXPECT_EQ(row.state, "running");
    EXPECT_TRUE(row.ready);
    EXPECT_TRUE(is_alive(row.pid.value_or(0)));
    EXPECT_EQ(row.run, 1U);
    EXPECT_FALSE(row.exit_code || row.exit_signal);
  }
  EXPECT_EQ(rows[0].name, "a");
  EXPECT_EQ(rows[1].name, "b:0");
  EXPECT_EQ(rows[3].name, "b:2");
}

TEST(Up, NamesWhatDidNotBecomeReadyAndWhy) {
  Foster foster;
  foster.write_config(counter("good") + "[service.bad]\ncommand = [\"" + Foster::actor("exits") +
                      "\", \"0\", \"7\"]\nbackoff = { initial = \"1ms\", max = \"1ms\" }\n");
  const Finished up = foster.up(1);
  EXPECT_THAT(up.out + up.err, HasSubstr("bad"));
  EXPECT_THAT(up.out + up.err, HasSubstr("exited with code 7"));
  EXPECT_EQ(foster.row("good").state, "running");
  ASSERT_TRUE(foster.wait_for_state("bad", "failed"));
  EXPECT_EQ(foster.row("bad").exit_code, 7);
}

TEST(Up, StartsDependantsAfterWhatTheyNeedIsReadyAndStopsThemBefore) {
  Foster foster;
  const std::string ready_file = foster.path("ready");
  foster.write_config("[service.db]\ncommand = [\"" + Foster::actor("ready_fd") + "\", \"3\", \"" + ready_file +
                      "\"]\nready = { fd = 3 }\n" + counter("app", "needs = [\"db\"]"));
  const auto up = foster.begin({"up", "-d"});
  ASSERT_TRUE(foster.wait_for_state("db", "starting"));
  EXPECT_EQ(foster.row("app").state, "waiting");
  EXPECT_THAT(foster.row("app").cause, HasSubstr("db"));
  testing::write_file(ready_file, "");
  ASSERT_EQ(up->finish().code, 0);
  EXPECT_EQ(foster.row("app").state, "running");

  const pid_t app = foster.pid_of("app");
  const pid_t db = foster.pid_of("db");
  // db is still alive whenever app is.
  bool app_outlived_db = false;
  const auto stop = foster.begin({"stop", "db"});
  ASSERT_TRUE(wait_until([&] {
    app_outlived_db |= !is_alive(db) && is_alive(app);
    return !is_alive(db);
  }));
  ASSERT_EQ(stop->finish().code, 0);
  EXPECT_FALSE(app_outlived_db);
  EXPECT_FALSE(is_alive(app));
  EXPECT_EQ(foster.row("app").state, "waiting");

  ASSERT_EQ(foster.run({"start", "db"}).code, 0);
  ASSERT_TRUE(foster.wait_for_state("app", "running"));
}

TEST(Up, AgainWithAChangedFileTouchesOnlyWhatChanged) {
  Foster foster;
  foster.write_config(counter("same") + counter("changed") + counter("removed"));
  foster.up();
  const pid_t same = foster.pid_of("same");
  const pid_t changed = foster.pid_of("changed");
  foster.write_config(counter("same") + counter("changed", "environment = { X = \"1\" }") + counter("added"));

  const Finished plan = foster.run({"up", "-d", "--dry-run"});
  EXPECT_EQ(plan.code, 0);
  for (const char* word : {"changed", "environment", "removed", "added"}) EXPECT_THAT(plan.out, HasSubstr(word));
  EXPECT_EQ(foster.pid_of("changed"), changed) << "a dry run does nothing";

  const Finished up = foster.up();
  EXPECT_THAT(up.out + up.err, HasSubstr("environment"));
  EXPECT_EQ(foster.pid_of("same"), same);
  EXPECT_NE(foster.pid_of("changed"), changed);
  EXPECT_EQ(foster.row("added").state, "running");
  ASSERT_TRUE(foster.wait_until([&] { return foster.ps().size() == 3; }));
}

TEST(Up, InvalidFileStopsNothingAndShowsEveryError) {
  Foster foster;
  foster.write_config(counter("web"));
  foster.up();
  const pid_t web = foster.pid_of("web");
  foster.write_config(counter("web", "restrat = \"always\"\nworkers = \"many\""));
  const Finished up = foster.run({"up", "-d"});
  EXPECT_EQ(up.code, 78);
  EXPECT_THAT(up.err, HasSubstr("foster.toml:"));
  EXPECT_THAT(up.err, HasSubstr("restart")) << "the nearest known key";
  EXPECT_THAT(up.err, HasSubstr("workers")) << "not only the first error";
  EXPECT_THAT(up.err, HasSubstr("^"));
  EXPECT_EQ(foster.pid_of("web"), web);
  EXPECT_EQ(foster.run({"check", foster.path("foster.toml")}).code, 78);
}

TEST(Up, SecondOneOfTheSameConfigChangesNothing) {
  Foster foster;
  foster.write_config(counter("web"));
  foster.up();
  const auto info = foster.info();
  const pid_t web = foster.pid_of("web");
  foster.up();
  EXPECT_EQ(foster.pid_of("web"), web);
  EXPECT_EQ(foster.info().at("reaper"), info.at("reaper"));
}

TEST(Up, EssentialServiceThatFailsForGoodStopsEverythingWithItsCode) {
  Foster foster;
  foster.write_config(counter("web") + "[service.main]\ncommand = [\"" + Foster::actor("exits") +
                      "\", \"300\", \"9\"]\nrestart = \"never\"\nessential = true\nstart-seconds = \"10ms\"\n");
  const auto up = foster.begin({"up"});
  const Finished finished = up->finish();
  EXPECT_EQ(finished.code, 9) << finished.out << finished.err;
  EXPECT_TRUE(wait_until([&] { return foster.processes().empty(); }));
}

TEST(Up, CommandStringsRunDirectlyUnlessTheyHoldShellSyntax) {
  Foster foster;
  foster.write_config("[service.plain]\ncommand = \"" + Foster::actor("shows_itself") + " " + foster.path("plain") +
                      " 'two words' %i\"\nstart-seconds = \"10ms\"\n[service.shell]\ncommand = \"echo $((40 + 2)); "
                      "exec sleep 1000\"\n");
  foster.up();
  ASSERT_TRUE(foster.wait_until([&] { return ::access(foster.path("plain").c_str(), F_OK) == 0; }));
  EXPECT_THAT(testing::contents_of(foster.path("plain")), HasSubstr("arg=two words\narg=0\n"));
  EXPECT_THAT(sys::read_cmdline(Pid(foster.pid_of("plain"))).front(), HasSubstr("shows_itself"));
  EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("shell") == "42\n"; }));
}

TEST(Down, LeavesNothingBehind) {
  Foster foster;
  foster.write_config(counter("a", "workers = 5") + counter("b"));
  foster.up();
  EXPECT_EQ(foster.run({"down"}).code, 0);
  EXPECT_TRUE(wait_until([&] { return foster.processes().empty(); }, 2s));
  EXPECT_EQ(foster.run({"ps"}).code, 5);
}

}  // namespace
}  // namespace foster::e2e
