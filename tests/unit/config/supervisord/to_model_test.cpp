// What the processes of a supervisord.conf become: services, and what is told where foster does otherwise.
#include "config/supervisord/to_model.hpp"

#include <unistd.h>

#include "config/values.hpp"
#include "unit/config/supervisord/conf.hpp"

namespace foster::config::supervisord {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using ::testing::Pair;

std::vector<std::string> names_of(const ToModel& result) {
  std::vector<std::string> names;
  for (const core::Service& service : result.model.services) names.push_back(service.name);
  return names;
}

TEST(ToModel, EveryProcessIsAServiceNamedByGroupAndProcess) {
  Conf conf(
      "[supervisord]\n[program:web]\ncommand=web\nnumprocs=2\nprocess_name=%(process_num)02d\n[program:cron]\n"
      "command=cron\n[group:g]\nprograms=db\n[program:db]\ncommand=db\npriority=1\n");
  EXPECT_THAT(names_of(conf.translated()), ElementsAre("cron", "g:db", "web:00", "web:01"));
}

TEST(ToModel, AServiceFollowsSupervisorsRules) {
  Conf conf = program("");
  const core::Service web = conf.service("web");
  EXPECT_THAT(web.argv, ElementsAre("web", "--port", "1"));
  EXPECT_EQ(web.command_text, "web --port 1");
  EXPECT_EQ(web.directory, conf.here());
  EXPECT_EQ(web.workers, 1U);
  EXPECT_TRUE(web.autostart);
  EXPECT_EQ(web.restart, core::RestartWhen::on_failure);
  EXPECT_EQ(web.start_retries, 3U);
  EXPECT_EQ(web.start_seconds, 1s);
  EXPECT_FALSE(web.limit);
  EXPECT_EQ(web.backoff.initial, 1s);
  EXPECT_EQ(web.backoff.step, 1s);
  EXPECT_EQ(web.backoff.factor, 1);
  EXPECT_EQ(web.backoff.jitter, 0);
  EXPECT_EQ(web.backoff.reset_after, 0s);
  EXPECT_THAT(web.success_exit_codes, ElementsAre(0));
  EXPECT_EQ(web.stop, (core::StopPolicy{.signal = *Signal::from_number(SIGTERM), .timeout = 10s}));
  EXPECT_TRUE(web.log.enabled);
  EXPECT_EQ(web.log.max_size, std::uint64_t{50} << 20U);
  EXPECT_EQ(web.log.keep, 10U);
  EXPECT_THAT(web.environment, ElementsAre(Pair("SUPERVISOR_ENABLED", "1"), Pair("SUPERVISOR_PROCESS_NAME", "web"),
                                           Pair("SUPERVISOR_GROUP_NAME", "web")));
}

TEST(ToModel, StandardInputIsAPipeUnlessItIsASocketOrSaidOtherwise) {
  EXPECT_TRUE(program("").service("web").stdin_pipe);
  EXPECT_FALSE(program("x-foster-stdin=false\n").service("web").stdin_pipe);
  const core::Service file = program("directory=/srv\nx-foster-stdin=input\n").service("web");
  EXPECT_FALSE(file.stdin_pipe);
  EXPECT_EQ(file.stdin_path, "/srv/input");
  Conf fcgi(
      "[supervisord]\n[fcgi-program:web]\ncommand=web\nsocket=unix:///tmp/f.sock\nsocket_owner=0:0\nsocket_mode=0770\n"
      "socket_backlog=7\n");
  EXPECT_FALSE(fcgi.service("web").stdin_pipe);
  EXPECT_EQ(fcgi.service("web").stdin_socket,
            (core::StdinSocket{.address = "unix:///tmp/f.sock", .mode = 0770, .owner = "0:0", .backlog = 7}));
  Conf tcp("[supervisord]\n[fcgi-program:web]\ncommand=web\nsocket=tcp://localhost:9002\n");
  EXPECT_EQ(tcp.service("web").stdin_socket->address, "tcp://localhost:9002");
}

TEST(ToModel, KeysOfTheProgramAreThoseOfTheService) {
  const core::Service web =
      program(
          "autostart=false\nautorestart=true\nstartsecs=0\nstartretries=0\nexitcodes=2,0,2\nstopsignal=QUIT\n"
          "stopwaitsecs=3\nstopasgroup=true\nuser=0\numask=077\ndirectory=sub/dir\nstdout_logfile_maxbytes=0\n"
          "stdout_logfile_backups=99999\nstdout_logfile=/tmp/x\nserverurl=unix:///s\n")
          .service("web");
  EXPECT_FALSE(web.autostart);
  EXPECT_EQ(web.restart, core::RestartWhen::always);
  EXPECT_EQ(web.start_seconds, 0s);
  EXPECT_EQ(web.start_retries, 0U);
  EXPECT_THAT(web.success_exit_codes, ElementsAre(2, 0));
  EXPECT_EQ(web.stop.signal.number(), SIGQUIT);
  EXPECT_EQ(web.stop.timeout, 3s);
  EXPECT_EQ(web.stop.target, core::StopTarget::group);
  EXPECT_EQ(web.user, ::geteuid() == 0 ? "" : "0");
  EXPECT_EQ(web.umask, 077U);
  EXPECT_TRUE(web.directory.ends_with("/sub/dir"));
  EXPECT_FALSE(web.log.max_size);
  EXPECT_EQ(web.log.keep, 1000U);
  EXPECT_EQ(web.environment[1], (std::pair<std::string, std::string>("SUPERVISOR_SERVER_URL", "unix:///s")));
}

TEST(ToModel, NumbersThatMakeNoSenseAreTakenForTheNearestThatDo) {
  const core::Service web = program("startsecs=-1\nstartretries=-5\nstopwaitsecs=99999999999999\n").service("web");
  EXPECT_EQ(web.start_seconds, 0s);
  EXPECT_EQ(web.start_retries, 0U);
  EXPECT_EQ(web.stop.timeout, kMaxDuration);
}

TEST(ToModel, PercentSignsInArgumentsMeanNothingToFoster) {
  EXPECT_THAT(program("command=date +%%i %%n\n").service("web").argv, ElementsAre("date", "+%%i", "%%n"));
}

TEST(ToModel, TheDaemonsKeysHoldForAll) {
  Conf conf(
      "[supervisord]\numask=027\nuser=root\nenvironment=A=1,SUPERVISOR_ENABLED=2\ndirectory=/\n[program:x]\n"
      "command=x\ndirectory=tmp\n");
  const core::Service x = conf.service("x");
  EXPECT_EQ(x.umask, 027U);
  EXPECT_EQ(x.directory, "/tmp");
  EXPECT_THAT(x.environment, ElementsAre(Pair("SUPERVISOR_ENABLED", "2"), Pair("SUPERVISOR_PROCESS_NAME", "x"),
                                         Pair("SUPERVISOR_GROUP_NAME", "x"), Pair("A", "1")));
  EXPECT_THAT(conf.remarks(), HasSubstr("foster itself as whoever starts it"));
}

TEST(ToModel, EachChannelHasALogOfItsOwn) {
  const core::Service web =
      program("stdout_logfile=/tmp/%%%%i\nstderr_logfile=NONE\nstdout_logfile_maxbytes=1KB\nstderr_syslog=true\n")
          .service("web");
  EXPECT_EQ(web.log, (core::LogPolicy{.file = "/tmp/%%i", .max_size = 1024, .keep = 10}));
  EXPECT_EQ(web.stderr_log, (core::LogPolicy{.enabled = false, .syslog = true}));
  const core::Service automatic = program("").service("web");
  EXPECT_EQ(automatic.log, (core::LogPolicy{.max_size = 50 << 20, .keep = 10}));
  EXPECT_EQ(automatic.stderr_log, automatic.log);
}

TEST(ToModel, ARedirectedStderrHasNone) {
  EXPECT_FALSE(program("redirect_stderr=true\nstderr_logfile=/tmp/x\n").service("web").stderr_log);
}

TEST(ToModel, NoneIsNoFile) {
  const core::Service web = program("stdout_logfile=NONE\nstderr_logfile=OFF\n").service("web");
  EXPECT_FALSE(core::is_taken(web.log));
  EXPECT_FALSE(core::is_taken(*web.stderr_log));
}

TEST(ToModel, ALogCalledSyslogIsNoFile) {
  EXPECT_EQ(program("stdout_logfile=syslog\n").service("web").log, (core::LogPolicy{.enabled = false, .syslog = true}));
}

TEST(ToModel, RelativeLogsBeginWhereSupervisordRuns) {
  Conf conf("[supervisord]\nstrip_ansi=true\n[program:web]\ncommand=web\nstdout_logfile=web.log\n");
  EXPECT_EQ(conf.service("web").log.file, conf.here() + "/web.log");
  EXPECT_EQ(conf.service("web", {.working_directory = "/srv"}).log.file, "/srv/web.log");
  EXPECT_TRUE(conf.service("web").log.strip_ansi);
}

TEST(ToModel, AStandInForSupervisordCapturesTellsAndNamesLogs) {
  Conf conf(
      "[supervisord]\n[program:web]\ncommand=web\nstdout_capture_maxbytes=1KB\nstdout_events_enabled=true\n"
      "[eventlistener:l]\ncommand=l\nevents=TICK_5\nstdout_capture_maxbytes=1KB\nstdout_syslog=true\n"
      "stdout_logfile=NONE\n");
  const ToModelOptions stand_in{.host = ToModelOptions::Host::supervisord,
                                .auto_log = [](const Process& process, core::Stream stream) {
                                  return "/tmp/" + process.name + (stream == core::Stream::out ? "%out" : "%err");
                                }};
  const core::Service web = conf.service("web", stand_in);
  EXPECT_EQ(web.log.file, "/tmp/web%%out");
  EXPECT_EQ(web.stderr_log->file, "/tmp/web%%err");
  EXPECT_EQ(web.log.capture, 1024U);
  EXPECT_TRUE(web.log.events);
  EXPECT_FALSE(web.stderr_log->events);
  // A listener is heard, whatever else is asked for.
  EXPECT_EQ(conf.service("l", stand_in).log, (core::LogPolicy{.enabled = false, .events = true}));
  EXPECT_FALSE(conf.service("web").log.events);
  EXPECT_FALSE(conf.service("web").log.capture);
}

TEST(ToModel, AStandInForSupervisordSaysWhereItAnswersAndRunsListenersToo) {
  Conf conf(
      "[supervisord]\nlogfile=x.log\n[unix_http_server]\nfile=/tmp/s.sock\n[eventlistener:l]\ncommand=l\n"
      "events=TICK_5\n[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\n");
  const ToModelOptions stand_in{.host = ToModelOptions::Host::supervisord};
  EXPECT_THAT(names_of(conf.translated(stand_in)), ElementsAre("l", "f"));
  EXPECT_EQ(conf.service("l", stand_in).environment[1].second, "unix:///tmp/s.sock");
  EXPECT_THAT(conf.translated(stand_in).findings, IsEmpty());
  EXPECT_THAT(names_of(conf.translated()), ElementsAre("f"));
}

TEST(ToModel, TellsWhatItDoesOtherwiseWithTheLine) {
  EXPECT_EQ(program("stdout_events_enabled=yes\n").remarks(),
            "HERE/main.conf:4:23: warning: foster up sends no PROCESS_LOG events\n"
            "    4 | stdout_events_enabled=yes\n"
            "      |                       ^\n");
  const std::string remarks =
      program("priority=1\nkillasgroup=false\nstdout_events_enabled=true\nstderr_capture_maxbytes=1KB\n").remarks();
  for (const char* place : {":4:10: ", ":5:13: ", ":6:23: ", ":7:25: "}) {
    EXPECT_THAT(remarks, HasSubstr(place));
  }
}

TEST(ToModel, TellsOfTheDaemonsKeysServersAndListeners) {
  Conf conf(
      "[supervisord]\nlogfile=x.log\npidfile=x.pid\nnodaemon=true\nminfds=9\nidentifier=x\n[unix_http_server]\n"
      "file=/tmp/s\n[eventlistener:l]\ncommand=l\nevents=TICK_5\n");
  const std::string remarks = conf.remarks();
  for (const char* place : {":2:9: ", ":3:9: ", ":4:10: ", ":5:8: ", ":6:12: ", ":8:6: ", ":11:8: "}) {
    EXPECT_THAT(remarks, HasSubstr(std::string("main.conf") + place + "warning"));
  }
}

TEST(ToModel, SaysNothingOfWhatItDoes) {
  EXPECT_EQ(
      program("autorestart=true\nstopasgroup=true\nredirect_stderr=true\nstdout_logfile=AUTO\nstartsecs=5\n").remarks(),
      "");
  EXPECT_EQ(program("stdout_logfile=/tmp/web.log\nstderr_logfile=NONE\nstdout_syslog=true\n").remarks(), "");
}

TEST(ToModel, TellsOnceWhatManyProcessesShare) {
  const std::string remarks =
      program("numprocs=5\nprocess_name=%(process_num)d\nstdout_capture_maxbytes=1KB\n").remarks();
  const auto first = remarks.find("nothing is captured");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(remarks.find("nothing is captured", first + 1), std::string::npos);
}

TEST(ToModel, RefusesNamesThatFosterCannotUse) {
  Conf conf("[supervisord]\n[program:größe]\ncommand=x\n");
  const ToModel result = conf.translated();
  ASSERT_FALSE(result.findings.empty());
  EXPECT_THAT(conf.plain(render(result.findings)),
              HasSubstr("HERE/main.conf:2:1: error: foster cannot call a service \"größe\""));
}

TEST(ToModel, LeavesOutASecondProcessOfTheSameName) {
  Conf conf("[supervisord]\n[group:g]\nprograms=a,a\n[program:a]\ncommand=a\n");
  const ToModel result = conf.translated();
  EXPECT_THAT(names_of(result), ElementsAre("g:a"));
  EXPECT_THAT(render(result.findings), HasSubstr("another process is called \"g:a\""));
}

TEST(OwnKeys, AreThoseOfFosterToml) {
  Conf conf(
      "[supervisord]\n[program:redis]\ncommand=redis\nx-foster-ready={ tcp = \"127.0.0.1:6379\", timeout = \"5s\" }\n"
      "[program:web]\ncommand=web\nx-foster-needs=redis\nx-foster-essential=true\nx-foster-limit=none\n"
      "x-foster-start-seconds=500ms\nx-foster-stop={ target = \"group\" }\n");
  const core::Service redis = conf.service("redis");
  EXPECT_EQ(redis.ready.how, decltype(redis.ready.how)(core::ReadyTcp{"127.0.0.1", 6379}));
  EXPECT_EQ(redis.ready.timeout, 5s);
  const core::Service web = conf.service("web");
  EXPECT_THAT(web.needs, ElementsAre("redis"));
  EXPECT_TRUE(web.essential);
  EXPECT_EQ(web.start_seconds, 500ms);
  EXPECT_EQ(web.stop.target, core::StopTarget::group);
  // What is not said stays as Supervisor has it.
  EXPECT_EQ(web.start_retries, 3U);
  EXPECT_EQ(conf.remarks(), "");
}

TEST(OwnKeys, MayStandInASectionOfTheirOwn) {
  Conf conf(
      "[supervisord]\n[program:a]\ncommand=a\nx-foster-autostart=false\n[foster:a]\nready=notify\nautostart=true\n"
      "[foster:b]\nready=notify\n");
  const core::Service a = conf.service("a");
  EXPECT_TRUE(std::holds_alternative<core::ReadyNotify>(a.ready.how));
  EXPECT_FALSE(a.autostart);
  EXPECT_THAT(conf.remarks(), HasSubstr("there is no program \"b\"; this section is ignored"));
}

TEST(OwnKeys, NeedsMayNameGroups) {
  Conf conf(
      "[supervisord]\n[program:db]\ncommand=db\nnumprocs=2\nprocess_name=%(process_num)d\n[program:web]\ncommand=web\n"
      "x-foster-needs=db\n[program:log]\ncommand=log\nx-foster-after=db:*, web\n");
  EXPECT_THAT(conf.service("web").needs, ElementsAre("db:0", "db:1"));
  EXPECT_THAT(conf.service("log").after, ElementsAre("db:0", "db:1", "web"));
}

TEST(OwnKeys, AreCheckedWhereTheyStand) {
  const auto findings = [](const char* lines) {
    Conf conf = program(lines);
    const ToModel result = conf.translated();
    return conf.plain(render(result.findings));
  };
  EXPECT_EQ(findings("x-foster-needs=reddis\n"),
            "HERE/main.conf:4:16: error: there is no service \"reddis\"\n"
            "    4 | x-foster-needs=reddis\n"
            "      |                ^\n");
  EXPECT_THAT(findings("x-foster-needs=web\n"), HasSubstr(":4:16: error: the services wait for each other"));
  EXPECT_THAT(findings("x-foster-raedy=notify\n"), HasSubstr(":4:1: error: unknown key \"raedy\""));
  EXPECT_THAT(findings("x-foster-stop={ tiemout = \"5s\" }\n"), HasSubstr(":4:17: error: unknown key \"tiemout\""));
  EXPECT_THAT(findings("x-foster-start-seconds=soon\n"), HasSubstr(":4:24: error: "));
  EXPECT_THAT(findings("x-foster-workers=4\n"), HasSubstr("hint: write numprocs=…"));
  EXPECT_THAT(findings("x-foster-command=x\n"), HasSubstr("is said by the keys of Supervisor here"));
}

}  // namespace
}  // namespace foster::config::supervisord
