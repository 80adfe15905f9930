// What a supervisord.conf means: sections, defaults, names in expansions, includes, and what is refused.
#include "config/supervisord/read.hpp"

#include "unit/config/supervisord/conf.hpp"

namespace foster::config::supervisord {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

Process process_of(Conf& conf) {
  const Config config = conf.config();
  return config.groups.empty() || config.groups[0]->processes.empty() ? Process{} : config.groups[0]->processes[0];
}

std::vector<std::string> names_of(const Group& group) {
  std::vector<std::string> names;
  for (const Process& process : group.processes) names.push_back(process.name);
  return names;
}

TEST(ReadProgram, HasSupervisorsDefaults) {
  Conf conf = program("");
  const Process web = process_of(conf);
  EXPECT_EQ(web.group, "web");
  EXPECT_EQ(web.name, "web");
  EXPECT_THAT(web.argv, ElementsAre("web", "--port", "1"));
  EXPECT_EQ(web.priority, 999);
  EXPECT_TRUE(web.autostart);
  EXPECT_EQ(web.autorestart, AutoRestart::unexpected);
  EXPECT_EQ(web.startsecs, 1);
  EXPECT_EQ(web.startretries, 3);
  EXPECT_THAT(web.exitcodes, ElementsAre(0));
  EXPECT_EQ(web.stopsignal.number(), 15);
  EXPECT_EQ(web.stopwaitsecs, 10);
  EXPECT_FALSE(web.stopasgroup || web.killasgroup || web.redirect_stderr);
  EXPECT_EQ(web.out.file.kind, LogFile::Kind::automatic);
  EXPECT_EQ(web.err.max_bytes, std::uint64_t{50} << 20U);
  EXPECT_EQ(web.out.backups, 10);
  EXPECT_FALSE(web.user || web.umask || web.directory || web.serverurl);
}

TEST(ReadProgram, TakesEveryKey) {
  Conf conf = program(
      "priority=5\nautostart=no\nautorestart=true\nstartsecs=0\nstartretries=7\nexitcodes=0,2\nstopsignal=INT\n"
      "stopwaitsecs=3\nstopasgroup=true\nuser=root\numask=077\nredirect_stderr=true\nstdout_logfile=NONE\n"
      "stdout_logfile_maxbytes=1MB\nstdout_logfile_backups=2\nstdout_capture_maxbytes=1KB\nstdout_events_enabled=on\n"
      "stdout_syslog=yes\nenvironment=A=1\ndirectory=/tmp\nserverurl=http://h:1\n");
  const Process web = process_of(conf);
  EXPECT_EQ(web.priority, 5);
  EXPECT_FALSE(web.autostart);
  EXPECT_EQ(web.autorestart, AutoRestart::always);
  EXPECT_EQ(web.startsecs, 0);
  EXPECT_EQ(web.startretries, 7);
  EXPECT_THAT(web.exitcodes, ElementsAre(0, 2));
  EXPECT_EQ(web.stopsignal.number(), 2);
  EXPECT_EQ(web.stopwaitsecs, 3);
  EXPECT_TRUE(web.stopasgroup && web.killasgroup && web.redirect_stderr);
  EXPECT_EQ(web.user->uid, 0U);
  EXPECT_EQ(web.umask, 077U);
  EXPECT_EQ(web.out.file.kind, LogFile::Kind::none);
  EXPECT_EQ(web.err.file.kind, LogFile::Kind::none);
  EXPECT_EQ(web.out.max_bytes, std::uint64_t{1} << 20U);
  EXPECT_EQ(web.out.backups, 2);
  EXPECT_EQ(web.out.capture_max_bytes, 1024U);
  EXPECT_TRUE(web.out.events_enabled && web.out.syslog);
  EXPECT_THAT(web.environment, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(web.directory, "/tmp");
  EXPECT_EQ(web.serverurl, "http://h:1");
  EXPECT_THAT(conf.warnings, IsEmpty());
}

TEST(ReadProgram, MakesProcessesByNumber) {
  Conf conf = program(
      "numprocs=2\nnumprocs_start=9\nprocess_name=%(program_name)s_%(process_num)02d\n"
      "environment=N=%(process_num)d\ndirectory=/tmp/%(ENV_N)s-%(numprocs)d\nstdout_logfile=/tmp/"
      "%(process_num)d.log\n");
  const Config config = conf.config();
  ASSERT_THAT(config.groups, SizeIs(1));
  // By name, as texts.
  EXPECT_THAT(names_of(*config.groups[0]), ElementsAre("web_09", "web_10"));
  EXPECT_EQ(config.groups[0]->processes[0].directory, "/tmp/9-2");
  EXPECT_EQ(config.groups[0]->processes[1].out.file.path, "/tmp/10.log");
}

TEST(ReadProgram, OfNoProcessesIsAnEmptyGroup) {
  Conf conf = program("numprocs=0\n");
  const Config config = conf.config();
  ASSERT_THAT(config.groups, SizeIs(1));
  EXPECT_THAT(config.groups[0]->processes, IsEmpty());
}

TEST(ReadProgram, ItsEnvironmentLiesOverTheDaemons) {
  Conf conf(
      "[supervisord]\nenvironment=A=1,B=%(here)s\n[program:x]\ncommand=x %(ENV_A)s %(ENV_B)s %(ENV_FROM)s\n"
      "environment=B=3,C=%(ENV_A)s\n");
  conf.options.environment = {{"FROM", "caller"}};
  const Process x = process_of(conf);
  EXPECT_THAT(x.environment, ElementsAre(Pair("A", "1"), Pair("B", "3"), Pair("C", "1")));
  EXPECT_EQ(x.command, "x 1 3 caller");
}

TEST(ReadProgram, LogNamesMayWriteAPercentSignTwiceOrFourTimes) {
  for (const char* line : {"stdout_logfile=/tmp/a%%b\n", "stdout_logfile=/tmp/a%%%%b\n"}) {
    Conf conf = program(line);
    EXPECT_EQ(process_of(conf).out.file.path, "/tmp/a%b") << line;
  }
}

TEST(ReadProgram, WarnsOfWhatSupervisorWarnsOf) {
  EXPECT_THAT(program("redirect_stderr=true\nstderr_logfile=/tmp/x\n").remarks(), HasSubstr("this file is not used"));
  EXPECT_THAT(program("stdout_logfile=syslog\n").remarks(), HasSubstr("hint: write stdout_syslog=true"));
  EXPECT_THAT(program("stdout_logfile_maxbytes=0\n").remarks(), HasSubstr("may fill the file system"));
  EXPECT_THAT(program("command=date +%s\n").remarks(), HasSubstr("a \"%s\" without a name is left as it is"));
}

TEST(ReadProgram, TellsUnknownKeysOnceWithTheNearest) {
  EXPECT_EQ(program("numprocs=2\nprocess_name=%(process_num)d\nautorestrat=true\n").remarks(),
            "HERE/main.conf:6:1: warning: \"autorestrat\" is no key of [program:web]; it is ignored\n"
            "    6 | autorestrat=true\n"
            "      | ^\n"
            "      = hint: did you mean \"autorestart\"?\n");
  EXPECT_EQ(Conf("[supervisord]\n[programm:x]\ncommand=x\n").remarks(),
            "HERE/main.conf:2:1: warning: [programm:x] is no section of a supervisord.conf; it is ignored\n"
            "    2 | [programm:x]\n"
            "      | ^\n"
            "      = hint: did you mean [program:x]?\n");
}

struct Refused {
  const char* lines;
  const char* place;
  const char* message;
};

TEST(ReadProgram, RefusesWhatSupervisorRefuses) {
  for (const Refused& one : {
           Refused{"numprocs=2\n", ":2:1", "2 processes need names of their own"},
           Refused{"process_name=a/b\n", ":4:14", "\"a/b\" cannot be a name"},
           Refused{"stopasgroup=true\nkillasgroup=false\n", ":5:13",
                   "stopasgroup=true does not go with killasgroup=false"},
           Refused{"autorestart=maybe\n", ":4:13", "\"maybe\" is none of true, false and unexpected"},
           Refused{"exitcodes=0,300\n", ":4:11", "\"300\" is not an exit code"},
           Refused{"stopsignal=NOPE\n", ":4:12", "\"NOPE\" is not a signal"},
           Refused{"user=nobody-is-called-so\n", ":4:6", "there is no user \"nobody-is-called-so\""},
           Refused{"umask=9\n", ":4:7", "\"9\" is not an octal mode"},
           Refused{"environment=A=1 B=2\n", ":4:13", "these are not KEY=value pairs"},
           Refused{"directory=%(no)s\n", ":4:11", "\"%(no)s\" is not known here"},
           Refused{"startsecs=%(process_num)d\n", ":4:11", "\"%(process_num)s\" is not known here"},
           Refused{"stdout_logfile=no/such/x.log\n", ":4:16", "the directory \"no/such\" of this path does not exist"},
           Refused{"command='x\n", ":4:9", "a quote is not closed"},
           Refused{"numprocs=99999999\nprocess_name=%(process_num)d\n", ":4:10", "99999999 processes are too many"},
       }) {
    const std::string errors = program(one.lines).errors();
    EXPECT_THAT(errors, HasSubstr(std::string("main.conf") + one.place + ": error: " + one.message)) << one.lines;
  }
}

TEST(ReadProgram, TellsAllErrorsAtOnce) {
  const std::string errors = program("startsecs=x\nstopwaitsecs=y\n[program:z]\n").errors();
  EXPECT_THAT(errors, HasSubstr(":4:11: error"));
  EXPECT_THAT(errors, HasSubstr(":5:14: error"));
  EXPECT_THAT(errors, HasSubstr(":6:1: error: [program:z] has no command"));
}

TEST(ReadDaemon, NeedsItsSection) {
  EXPECT_EQ(Conf("[program:x]\ncommand=x\n").errors(),
            "HERE/main.conf: error: there is no section [supervisord]\n"
            "  hint: add a line [supervisord], which may be empty\n");
}

TEST(ReadDaemon, TakesEveryKey) {
  Conf conf(
      "[supervisord]\nlogfile=%(here)s/x.log\nlogfile_maxbytes=1KB\nlogfile_backups=1\nloglevel=BLATHER\n"
      "pidfile=/tmp/x.pid\numask=077\nnodaemon=true\nsilent=true\nminfds=5\nminprocs=6\nnocleanup=true\n"
      "childlogdir=/tmp\nuser=root\ndirectory=/\nstrip_ansi=true\nidentifier=me\n");
  const Daemon daemon = conf.config().daemon;
  EXPECT_EQ(daemon.logfile, conf.here() + "/x.log");
  EXPECT_EQ(daemon.logfile_maxbytes, 1024U);
  EXPECT_EQ(daemon.logfile_backups, 1);
  EXPECT_EQ(daemon.log_level, LogLevel::blather);
  EXPECT_EQ(daemon.pidfile, "/tmp/x.pid");
  EXPECT_EQ(daemon.umask, 077U);
  EXPECT_TRUE(daemon.nodaemon && daemon.silent && daemon.nocleanup && daemon.strip_ansi);
  EXPECT_EQ(daemon.minfds, 5);
  EXPECT_EQ(daemon.minprocs, 6);
  EXPECT_EQ(daemon.childlogdir, "/tmp");
  EXPECT_EQ(daemon.directory, "/");
  EXPECT_EQ(daemon.identifier, "me");
}

TEST(ReadDaemon, TheCommandLineWins) {
  Conf conf("[supervisord]\nloglevel=warn\nidentifier=me\n");
  conf.options.overrides = {{"loglevel", "debug"}, {"identifier", "100%"}, {"nodaemon", "true"}};
  const Daemon daemon = conf.config().daemon;
  EXPECT_EQ(daemon.log_level, LogLevel::debug);
  EXPECT_EQ(daemon.identifier, "100%");
  EXPECT_TRUE(daemon.nodaemon);
}

TEST(ReadGroups, ComeByPriorityAndName) {
  Conf conf(
      "[supervisord]\n[program:b]\ncommand=b\n[program:a]\ncommand=a\n[program:z]\ncommand=z\npriority=1\n"
      "[eventlistener:l]\ncommand=l\nevents=tick_5,TICK_5,event\n");
  const Config config = conf.config();
  std::vector<std::string> names;
  for (const SharedGroup& group : config.groups) names.push_back(group->name);
  EXPECT_THAT(names, ElementsAre("l", "z", "a", "b"));
  EXPECT_EQ(config.groups[0]->priority, -1);
  EXPECT_EQ(config.groups[0]->processes[0].priority, 999);
  EXPECT_THAT(config.groups[0]->pool->events, ElementsAre("TICK_5", "EVENT"));
  EXPECT_EQ(config.groups[0]->pool->buffer_size, 10);
}

TEST(ReadGroups, TakeTheirProgramsFromTheTopLevel) {
  Conf conf(
      "[supervisord]\n[group:g]\nprograms=b, a\npriority=5\n[program:a]\ncommand=a\n"
      "[program:b]\ncommand=b %(group_name)s\nnumprocs=2\nprocess_name=%(program_name)s%(process_num)d\n");
  const Config config = conf.config();
  ASSERT_THAT(config.groups, SizeIs(1));
  EXPECT_EQ(config.groups[0]->priority, 5);
  EXPECT_TRUE(config.groups[0]->is_heterogeneous);
  EXPECT_THAT(names_of(*config.groups[0]), ElementsAre("b0", "b1", "a"));
  EXPECT_EQ(config.groups[0]->processes[0].command, "b g");
}

TEST(ReadGroups, MayShareAProgram) {
  Conf conf("[supervisord]\n[group:x]\nprograms=a\n[group:y]\nprograms=a\n[program:a]\ncommand=a\n");
  EXPECT_THAT(conf.config().groups, SizeIs(2));
}

TEST(ReadGroups, OfTheSameNameAreToldAndTheFirstIsKept) {
  Conf conf("[supervisord]\n[group:a]\nprograms=b\npriority=1\n[program:a]\ncommand=a\n[program:b]\ncommand=b\n");
  const Config config = conf.config();
  ASSERT_THAT(config.groups, SizeIs(1));
  EXPECT_EQ(config.groups[0]->priority, 1);
  EXPECT_THAT(render(conf.warnings), HasSubstr("another group is called \"a\"; this one is left out"));
}

TEST(ReadGroups, NameProgramsThatExist) {
  EXPECT_THAT(Conf("[supervisord]\n[group:g]\nprograms=wbe\n[program:web]\ncommand=x\n").errors(),
              HasSubstr(":3:10: error: there is no program \"wbe\"\n    3 | programs=wbe\n      |          ^\n"
                        "      = hint: did you mean \"web\"?\n"));
  EXPECT_THAT(Conf("[supervisord]\n[group:g]\nprograms=a,\n[program:a]\ncommand=x\n").errors(),
              HasSubstr("there is no program \"\""));
  EXPECT_THAT(Conf("[supervisord]\n[group:g]\nprograms=a\n[program:a]\ncommand=x\n[fcgi-program:a]\ncommand=x\n"
                   "socket=tcp://h:1\n")
                  .errors(),
              HasSubstr("\"a\" is a program and an fcgi-program"));
}

TEST(ReadListeners, NeedEventsThatExist) {
  const auto errors = [](const char* lines) {
    return Conf("[supervisord]\n[eventlistener:l]\ncommand=l\n" + std::string(lines)).errors();
  };
  EXPECT_THAT(errors(""), HasSubstr("[eventlistener:l] names no events"));
  EXPECT_THAT(errors("events=TICK_6\n"), HasSubstr("\"TICK_6\" is not an event"));
  EXPECT_THAT(errors("events=TICK_5\nbuffer_size=0\n"), HasSubstr("a buffer of 0 events"));
  EXPECT_THAT(errors("events=TICK_5\nredirect_stderr=true\n"), HasSubstr("carries its protocol"));
  EXPECT_EQ(errors("events=TICK_5\nbuffer_size=1\n"), "(none)");
}

TEST(ReadListeners, OfAnotherResultHandlerSayWhatHappensInstead) {
  const std::string listener = "[supervisord]\n[eventlistener:l]\ncommand=l\nevents=TICK_5\nresult_handler=";
  EXPECT_THAT(Conf(listener + "my.module:handler\n").remarks(),
              HasSubstr("\"my.module:handler\" is Python code, which foster does not run"));
  EXPECT_THAT(Conf(listener + "supervisor.dispatchers:default_handler\n").remarks(), Not(HasSubstr("Python code")));
}

TEST(ReadFcgi, TakesASocket) {
  Conf conf(
      "[supervisord]\n[fcgi-program:f]\ncommand=f\nsocket=unix:///tmp/%(program_name)s.sock\nsocket_backlog=9\n"
      "socket_owner=root:0\n");
  const FcgiSocket socket = *conf.config().groups.at(0)->socket;
  EXPECT_EQ(socket.path, "/tmp/f.sock");
  EXPECT_EQ(socket.mode, 0700U);
  EXPECT_EQ(socket.backlog, 9);
  EXPECT_EQ(socket.owner, (Owner{0, 0}));
  Conf tcp("[supervisord]\n[fcgi-program:f]\ncommand=f\nsocket=tcp://localhost:9000\n");
  EXPECT_EQ(tcp.config().groups.at(0)->socket->address, (InetAddress{"localhost", 9000}));
}

TEST(ReadFcgi, RefusesOtherSockets) {
  const auto errors = [](const char* lines) {
    return Conf("[supervisord]\n[fcgi-program:f]\ncommand=f\n" + std::string(lines)).errors();
  };
  EXPECT_THAT(errors(""), HasSubstr("[fcgi-program:f] has no socket"));
  EXPECT_THAT(errors("socket=unix://x\n"), HasSubstr("\"x\" is not an absolute path"));
  EXPECT_THAT(errors("socket=udp://h:1\n"), HasSubstr("\"udp://h:1\" is not an address"));
  EXPECT_THAT(errors("socket=tcp://h:1\nsocket_mode=0700\n"), HasSubstr("owner and mode are for unix sockets"));
  EXPECT_THAT(errors("socket=tcp://h:1\nsocket_backlog=0\n"), HasSubstr("0 is no length of a queue"));
}

TEST(ReadServers, AreAnyNumber) {
  Conf conf(
      "[supervisord]\n[unix_http_server]\nfile=%(here)s/s.sock\nchmod=0770\nchown=root\nusername=u\npassword={SHA}x\n"
      "[inet_http_server:two]\nport=*:9001\n[inet_http_server]\nport=127.0.0.1:9002\n");
  const Config config = conf.config();
  ASSERT_THAT(config.servers, SizeIs(3));
  EXPECT_EQ(config.servers[0].section, "inet_http_server:two");
  EXPECT_EQ(config.servers[1].address, (InetAddress{"127.0.0.1", 9002}));
  EXPECT_EQ(config.servers[2].path, conf.here() + "/s.sock");
  EXPECT_EQ(config.servers[2].mode, 0770U);
  EXPECT_EQ(config.servers[2].owner, (Owner{0, {}}));
  EXPECT_EQ(config.servers[2].authentication->password, "{SHA}x");
}

TEST(ReadServers, NeedAnAddressAndBothNameAndPassword) {
  EXPECT_THAT(Conf("[supervisord]\n[unix_http_server]\n").errors(), HasSubstr("[unix_http_server] has no file"));
  EXPECT_THAT(Conf("[supervisord]\n[inet_http_server]\n").errors(), HasSubstr("[inet_http_server] has no port"));
  EXPECT_THAT(Conf("[supervisord]\n[inet_http_server]\nport=1\nusername=x\n").errors(),
              HasSubstr("a username without a password"));
}

TEST(ReadRpc, KnowsOneFactoryAndItsNoKeys) {
  constexpr std::string_view kFactory =
      "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n";
  const std::string head = "[supervisord]\n[rpcinterface:supervisor]\n";
  EXPECT_EQ(Conf(head + std::string(kFactory)).errors(), "(none)");
  EXPECT_THAT(Conf(head).errors(), HasSubstr("does not say supervisor.rpcinterface_factory"));
  EXPECT_THAT(Conf(head + std::string(kFactory) + "x=1\n").errors(), HasSubstr("the RPC interface takes no \"x\""));
  EXPECT_THAT(Conf("[DEFAULT]\nd=1\n" + head + std::string(kFactory)).errors(),
              HasSubstr("the RPC interface takes no \"d\""));
  EXPECT_THAT(Conf("[supervisord]\n[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory=a:b\n").remarks(),
              HasSubstr("\"a:b\" is Python code, which foster does not run"));
}

TEST(ReadIncludes, AreMergedPatternByPatternAndByName) {
  Conf conf(
      "[supervisord]\n[program:x]\ncommand=main\nstartsecs=9\n[include]\nfiles = conf.d/*.conf\n   [d-z]*.ini no*\n");
  conf.write("conf.d/b.conf", "[program:x]\ncommand=%(here)s\n");
  conf.write("conf.d/a.conf", "[program:x]\ncommand=a\nstartretries=5\n");
  conf.write("conf.d/.hidden.conf", "[program:hidden]\ncommand=x\n");
  conf.write("conf.d/c.conf/file", "");
  conf.write("z.ini", "[program:z]\ncommand=z\n[include]\nfiles=more.conf\n");
  conf.write("more.conf", "[program:more]\ncommand=x\n");
  const Config config = conf.config();
  ASSERT_THAT(config.groups, SizeIs(2));
  const Process& x = config.groups[0]->processes[0];
  EXPECT_EQ(x.command, conf.here() + "/conf.d");
  EXPECT_EQ(x.startsecs, 9);
  EXPECT_EQ(x.startretries, 5);
  EXPECT_EQ(config.groups[1]->name, "z");
  const std::string warnings = conf.plain(render(conf.warnings));
  EXPECT_THAT(warnings, HasSubstr("no file matches \"HERE/no*\""));
  EXPECT_THAT(warnings, HasSubstr("HERE/conf.d/c.conf is left out: this is a directory"));
}

TEST(ReadIncludes, NameTheFileOfAnError) {
  Conf conf("[supervisord]\n[include]\nfiles=*.ini\n");
  conf.write("a.ini", "[program:x]\ncommand=x\nstartsecs=soon\n");
  EXPECT_EQ(conf.errors(),
            "HERE/a.ini:3:11: error: \"soon\" is not a whole number\n"
            "    3 | startsecs=soon\n"
            "      |           ^\n"
            "      = hint: write digits only: 10\n");
  conf.write("a.ini", "garbage\n");
  EXPECT_THAT(conf.errors(), HasSubstr("HERE/a.ini:1:1: error: this stands before the first section"));
}

TEST(ReadIncludes, NeedFiles) {
  EXPECT_THAT(Conf("[supervisord]\n[include]\n").errors(), HasSubstr("[include] names no files"));
}

TEST(ReadHere, IsKnownEverywhereOnlyBesideAnInclude) {
  const std::string server = "[supervisord]\n[inet_http_server]\nport=1\nusername=u\npassword=%(here)s\n";
  EXPECT_THAT(Conf(server).errors(), HasSubstr("\"%(here)s\" is not known here"));
  Conf conf(server + "[include]\nfiles=\n");
  EXPECT_EQ(conf.config().servers.at(0).authentication->password, conf.here());
}

TEST(ReadClient, IsASectionOfItsOwn) {
  Conf conf(
      "[supervisorctl]\nserverurl=unix://%(here)s/s.sock\nusername=u\nprompt=me\nhistory_file=~/"
      "h\n[include]\nfiles=no\n");
  const auto client = read_client(conf.path, {.environment = {}});
  ASSERT_TRUE(client) << render(client.error());
  EXPECT_EQ(client->server_url, "unix://" + conf.here() + "/s.sock");
  EXPECT_EQ(client->username, "u");
  EXPECT_FALSE(client->password);
  EXPECT_EQ(client->prompt, "me");
  EXPECT_FALSE(read_client(Conf("[supervisord]\n").path, {}));
  EXPECT_FALSE(read_client("/no/such/file", {}));
}

TEST(ReadFile, SaysWhyItCannotBeRead) {
  Conf conf("");
  conf.path = "/no/such.conf";
  EXPECT_THAT(conf.errors(), HasSubstr("/no/such.conf: error: cannot read the file"));
  conf.path = conf.here();
  EXPECT_THAT(conf.errors(), HasSubstr("this is a directory"));
}

}  // namespace
}  // namespace foster::config::supervisord
