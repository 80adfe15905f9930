// `foster up supervisord.conf` and what goes with it: what was written for Supervisor runs as it is.
#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SupervisordConf : public ::testing::Test {
 protected:
  // The name by which the harness ends what is left; otherwise it would be the directory's.
  SupervisordConf() { foster.environment["FOSTER_NAME"] = "test"; }

  void write(const std::string& text) { testing::write_file(foster.path("supervisord.conf"), text); }

  void up() {
    const Finished up = foster.run({"up", "-d"});
    ASSERT_EQ(up.code, 0) << up.out << up.err;
  }

  static std::string counter() { return Foster::actor("counter") + " 0 50000"; }

  Foster foster;
};

TEST_F(SupervisordConf, RunsWithIncludesNumbersGroupsAndEnvironment) {
  foster.environment["FROM_CALLER"] = "caller";
  std::filesystem::create_directory(foster.path("conf.d"));
  write(
      "[supervisord]\nenvironment=GLOBAL=\"g l\"\nlogfile=%(here)s/x.log\n[include]\nfiles=conf.d/*.conf\n"
      "[program:one]\ncommand=/bin/sh -c 'echo \"$GLOBAL|$OWN|$SUPERVISOR_PROCESS_NAME|$PWD\"; exec " +
      counter() + "'\nenvironment=OWN=%(ENV_FROM_CALLER)s\nstartsecs=0\n");
  testing::write_file(foster.path("conf.d/many.conf"),
                      "[group:g]\nprograms=many\n[program:many]\ncommand=/bin/sh -c 'echo $SUPERVISOR_GROUP_NAME "
                      "%(process_num)d %(here)s; exec " +
                          counter() + "'\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\nstartsecs=0\n");
  const Finished up = foster.run({"up", "-d"});
  ASSERT_EQ(up.code, 0) << up.out << up.err;
  EXPECT_THAT(up.err, HasSubstr("supervisord.conf:3:9: warning: foster writes no log of its own"));
  const auto rows = foster.ps();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].name, "g:many_00");
  EXPECT_EQ(rows[1].name, "g:many_01");
  EXPECT_EQ(rows[2].name, "one");
  for (const Row& row : rows) EXPECT_EQ(row.state, "running") << row.name;
  const std::string here = std::filesystem::canonical(foster.directory()).string();
  EXPECT_TRUE(foster.wait_until([&] {
    return foster.log_of("one/stdout").contains("g l|caller|one|" + here) &&
           foster.log_of("g:many_01/stdout").contains("g 1 ") &&
           foster.log_of("g:many_01/stdout").contains("/conf.d\n");
  })) << foster.log_of("one/stdout")
      << foster.log_of("g:many_01/stdout");
  EXPECT_EQ(foster.run({"stop", "g:*"}).code, 0);
  EXPECT_EQ(foster.row("g:many_00").state, "stopped");
  EXPECT_EQ(foster.row("one").state, "running");
}

TEST_F(SupervisordConf, AStartThatFailsIsTriedAgainAndThenGivenUp) {
  write("[supervisord]\n[program:bad]\ncommand=" + Foster::actor("exits") +
        " 0 0\nstartsecs=60\nstartretries=1\nautorestart=false\n");
  const Finished up = foster.run({"up", "-d"});
  EXPECT_EQ(up.code, 1);
  ASSERT_TRUE(foster.wait_for_state("bad", "failed"));
  EXPECT_THAT(foster.row("bad").cause, HasSubstr("2 failed starts in a row"));
  EXPECT_EQ(foster.row("bad").run, 2U);
}

TEST_F(SupervisordConf, AStopSignalReachesTheGroup) {
  // The shell dies of the signal only after its child, which therefore had it too.
  write(
      "[supervisord]\n[program:tree]\ncommand=/bin/sh -c 'trap \"\" TERM; (trap \"echo child had it; exit 0\" TERM; "
      "echo up; "
      "while :; do sleep 0.05; done) & wait; echo shell saw it end'\nstopasgroup=true\nstartsecs=0\n");
  up();
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("tree/stdout").contains("up"); }));
  ASSERT_EQ(foster.run({"stop", "tree"}).code, 0);
  EXPECT_THAT(foster.log_of("tree/stdout"), HasSubstr("child had it\nshell saw it end"));
}

TEST_F(SupervisordConf, OwnKeysAddWhatSupervisorLacks) {
  const std::string ready_file = foster.path("ready");
  write("[supervisord]\n[program:db]\ncommand=" + Foster::actor("ready_fd") + " 3 " + ready_file +
        "\nx-foster-ready={ fd = 3 }\n[program:app]\ncommand=" + counter() + "\n[foster:app]\nneeds=db\n");
  const auto up = foster.begin({"up", "-d"});
  ASSERT_TRUE(foster.wait_for_state("db", "starting"));
  EXPECT_EQ(foster.row("app").state, "waiting");
  testing::write_file(ready_file, "");
  EXPECT_EQ(up->finish().code, 0);
}

TEST_F(SupervisordConf, ServicesSurviveTheSupervisorUnderTheirNames) {
  write("[supervisord]\n[program:web]\ncommand=" + counter() +
        "\nnumprocs=2\nprocess_name=%(process_num)d\nstartsecs=0\n");
  up();
  const pid_t first = foster.pid_of("web:1");
  const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  ASSERT_TRUE(foster.wait_until([&] {
    const auto rows = foster.ps();
    return rows.size() == 2 && rows[1].name == "web:1" && rows[1].state == "running";
  }));
  EXPECT_EQ(foster.pid_of("web:1"), first);
}

TEST_F(SupervisordConf, DiffTellsWhatAChangedFileWouldDo) {
  const std::string same = "[supervisord]\n[program:same]\ncommand=" + counter() + "\n";
  write(same + "[program:changed]\ncommand=" + counter() + "\n[program:gone]\ncommand=" + counter() + "\n");
  EXPECT_THAT(foster.run({"diff"}).out, HasSubstr("+ gone (add)"));
  up();
  EXPECT_EQ(foster.run({"diff", "--exit-code"}).code, 0);
  EXPECT_EQ(foster.run({"diff"}).out, "nothing to change\n");
  write(same + "[program:changed]\ncommand=" + counter() + "\nstopsignal=INT\n[program:new]\ncommand=" + counter() +
        "\n");
  const Finished diff = foster.run({"diff", "--exit-code"});
  EXPECT_EQ(diff.code, 1);
  EXPECT_EQ(diff.out,
            "~ changed (update): stop changed\n"
            "    + stop = { signal = \"INT\" }\n"
            "+ new (add): new\n"
            "- gone (remove): no longer in the configuration\n");
  EXPECT_THAT(foster.run({"diff", "--json"}).out, HasSubstr(R"("keys":[{"key":"stop","from":null,"to":)"));
  EXPECT_EQ(foster.ps().size(), 3U) << "nothing was done";
}

TEST_F(SupervisordConf, ImportWritesAFileThatStartsTheSame) {
  write("[supervisord]\n[program:web]\ncommand=" + counter() +
        "\nnumprocs=2\nprocess_name=%(process_num)d\nstartsecs=0\n");
  const Finished imported = foster.run({"import"});
  ASSERT_EQ(imported.code, 0) << imported.err;
  up();
  testing::write_file(foster.path("foster.toml"), imported.out);
  const Finished check = foster.run({"check"});
  EXPECT_EQ(check.code, 0) << check.err;
  EXPECT_EQ(check.err, "");
  // Nothing of what runs would be touched.
  EXPECT_EQ(foster.run({"diff", "foster.toml"}).out, "nothing to change\n");
  EXPECT_EQ(foster.run({"diff", "supervisord.conf"}).out, "nothing to change\n");
}

TEST_F(SupervisordConf, CheckTellsErrorsWithTheirLines) {
  write("[supervisord]\n[program:web]\ncommand=web\nstartsecs=soon\n");
  const Finished check = foster.run({"check"});
  EXPECT_EQ(check.code, 78);
  EXPECT_THAT(check.err,
              HasSubstr("supervisord.conf:4:11: error: \"soon\" is not a whole number\n    4 | startsecs=soon\n"));
  const Finished up = foster.run({"up", "-d"});
  EXPECT_EQ(up.code, 78);
  EXPECT_EQ(foster.run({"import"}).code, 78);
}

TEST_F(SupervisordConf, TheSampleOfSupervisorIsReadWithoutAnError) {
  // Where it is installed.
  if (foster.run_program({"/bin/sh", "-c", "echo_supervisord_conf > supervisord.conf"}).code != 0) {
    GTEST_SKIP() << "no echo_supervisord_conf";
  }
  const Finished check = foster.run({"check", "supervisord.conf"});
  EXPECT_EQ(check.code, 0) << check.err;
  EXPECT_THAT(check.err, Not(HasSubstr("error")));
  EXPECT_THAT(check.err, HasSubstr("foster writes no pidfile"));
}

}  // namespace
}  // namespace foster::e2e
