// What a supervisord stores of its configuration comes back as it was.
#include "config/supervisord/kept.hpp"

#include "unit/config/supervisord/conf.hpp"

namespace foster::config::supervisord {
namespace {

const char* const kEverything = R"([supervisord]
logfile=/tmp/main.log
loglevel=debug
umask=027
user=root
environment=A="1",B="zwölf"
minfds=7
[unix_http_server]
file=/tmp/s.sock
chmod=0770
chown=root:0
username=me
password=s"cret
[inet_http_server]
port=*:9001
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command=web "a b" %%
numprocs=2
process_name=%(process_num)d
stopsignal=USR1
exitcodes=0,2
autorestart=true
stdout_logfile=/tmp/x.log
stdout_logfile_maxbytes=3GB
stdout_capture_maxbytes=5
stderr_logfile=NONE
directory=/tmp
umask=002
serverurl=http://x:1
x-foster-needs=cron
[program:cron]
command=cron
[eventlistener:ear]
command=ear
events=TICK_5,PROCESS_STATE
buffer_size=3
[fcgi-program:php]
command=php
socket=unix:///tmp/%(program_name)s.sock
socket_mode=0700
socket_owner=root
)";

Config config_of(const std::string& text) {
  Conf conf(text);
  return conf.config();
}

TEST(KeptConfig, ComesBackAsItWas) {
  Kept kept{.stage = Stage::restarting, .config = config_of(kEverything)};
  kept.active = kept.config.groups;
  kept.added_since = {"web"};
  const std::string text = to_json(kept);
  const auto again = kept_from_json(text);
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(to_json(*again), text);
  EXPECT_EQ(again->stage, Stage::restarting);
  EXPECT_EQ(again->added_since, kept.added_since);
  const auto& web = again->active.back()->processes.at(1);
  EXPECT_EQ(web.name, "1");
  EXPECT_EQ(web.out.max_bytes, std::uint64_t{3} << 30U);
  EXPECT_EQ(web.stopsignal.number(), 10);
  EXPECT_EQ(web.own_keys.at(0).value, "cron");
  EXPECT_EQ(again->config.servers.at(1).authentication->password, "s\"cret");
}

TEST(KeptConfig, AGroupIsSharedAsLongAsItIsAsItIsAvailable) {
  Kept kept{.stage = Stage::running, .config = config_of(kEverything)};
  kept.active = config_of(kEverything).groups;  // read earlier
  kept.active.at(1) = kept.config.groups.at(1);
  const auto again = kept_from_json(to_json(kept));
  ASSERT_TRUE(again) << again.error();
  ASSERT_EQ(again->active.size(), kept.active.size());
  for (std::size_t at = 0; at < kept.active.size(); ++at) {
    EXPECT_EQ(again->active.at(at)->name, kept.active.at(at)->name);
    EXPECT_EQ(again->active.at(at) == again->config.groups.at(at), at == 1);
    EXPECT_TRUE(is_same(*again->active.at(at), *kept.active.at(at)));
  }
}

TEST(KeptConfig, AStartComesBackAsItWas) {
  const Start start{.config = "/x y/z.conf", .overrides = {{"nodaemon", "true"}}, .directory = "/x"};
  const auto again = start_from_json(to_json(start));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->config, start.config);
  EXPECT_EQ(again->overrides, start.overrides);
  EXPECT_EQ(again->directory, start.directory);
}

TEST(KeptConfig, WhatAnOlderOneDidNotKnowIsAsByDefault) {
  Kept kept;
  kept.stage = Stage::running;
  std::string text = to_json(kept);
  const std::string newest = ",\"added_since\":[]";
  const auto at = text.find(newest);
  ASSERT_NE(at, std::string::npos) << text;
  const auto old = kept_from_json(text.erase(at, newest.size()));
  ASSERT_TRUE(old) << old.error();
  EXPECT_EQ(old->stage, Stage::running);
  EXPECT_TRUE(old->added_since.empty());
}

TEST(KeptConfig, WhatIsNoneOfOursIsRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"stage":0,"config":7,"active":[]})", R"({"stage":0,"config":{}})",
                           R"({"stage":0,"config":{"groups":[]},"active":["web"]})"}) {
    EXPECT_FALSE(kept_from_json(text)) << text;
  }
}

Group group_with(const std::string& line) {
  return *config_of("[supervisord]\n[program:web]\ncommand=web\n" + line + "\n").groups.at(0);
}

TEST(GroupComparison, EveryKeyOfAProcessCounts) {
  const Group plain = group_with("");
  EXPECT_TRUE(is_same(plain, group_with("")));
  EXPECT_TRUE(is_same(plain, group_with("# a remark")));
  for (const char* line :
       {"priority=1", "startsecs=3", "environment=A=1", "numprocs=2\nprocess_name=%(process_num)d", "umask=022",
        "stopwaitsecs=3", "stdout_capture_maxbytes=1", "redirect_stderr=true", "x-foster-essential=true"}) {
    EXPECT_FALSE(is_same(plain, group_with(line))) << line;
  }
}

TEST(GroupComparison, ALogThatIsNamedAutomaticallyIsAsGoodAsAny) {
  const Group file = group_with("stdout_logfile=/tmp/a.log");
  EXPECT_TRUE(is_same(file, group_with("")));
  EXPECT_TRUE(is_same(group_with(""), file));
  EXPECT_FALSE(is_same(file, group_with("stdout_logfile=/tmp/b.log")));
}

}  // namespace
}  // namespace foster::config::supervisord
