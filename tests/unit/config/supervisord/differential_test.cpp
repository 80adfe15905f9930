// The same texts read by foster and by the Supervisor that is installed: the same meaning, and the same refusals.
// Skipped where there is none.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/supervisord/expansion.hpp"
#include "config/supervisord/ini.hpp"
#include "config/supervisord/read.hpp"
#include "config/supervisord/shlex.hpp"
#include "config/supervisord/values.hpp"
#include "unit/config/temporary_directory.hpp"

namespace foster::config::supervisord {
namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') result += "\\\\";
    if (c == '\n') result += "\\n";
    if (c == '\t') result += "\\t";
    if (c == '\r') result += "\\r";
    if (c != '\\' && c != '\n' && c != '\t' && c != '\r') result += c;
  }
  return result;
}

struct Question {
  std::string kind;
  std::string text;
};

std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 65536> buffer;
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), got);
  }
  ::pclose(pipe);
  return output;
}

// The interpreter that knows Supervisor.
const std::string& python() {
  static const std::string found = [] {
    for (const char* program : {"python3", "/usr/bin/python3"}) {
      const std::string command = fmt::format("{} -c 'import supervisor.options; print(1)' 2>/dev/null", program);
      if (output_of(command) == "1\n") return std::string(program);
    }
    return std::string();
  }();
  return found;
}

std::vector<std::string> ask(const std::vector<Question>& questions) {
  const TemporaryDirectory directory;
  std::string input;
  for (const Question& question : questions) input += question.kind + "\t" + escaped(question.text) + "\n";
  const std::string file = directory.write("questions", input);
  const std::filesystem::path script = std::filesystem::path(__FILE__).parent_path() / "ask_supervisor.py";
  const std::string output = output_of(
      fmt::format("TMPDIR='{}' HOME=/root {} '{}' < '{}'", directory.path(), python(), script.string(), file));
  std::vector<std::string> answers;
  for (std::size_t at = 0; at < output.size();) {
    const std::size_t end = output.find('\n', at);
    answers.push_back(output.substr(at, end - at));
    at = end + 1;
  }
  return answers;
}

std::string ini_text(std::string_view text) {
  Ini ini;
  if (!ini.read("one.conf", std::string(text)).empty()) return "ERROR";
  std::string result;
  const auto add = [&](const IniSection& section) {
    result += fmt::format("[{}]\n", escaped(section.name));
    for (const IniKey& key : section.keys) result += fmt::format("{}={}\n", escaped(key.name), escaped(key.value));
  };
  for (const IniSection& section : ini.sections()) add(section);
  add(ini.defaults());
  result.pop_back();
  return escaped(result);
}

std::string pairs(const Variables& variables) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : variables) texts.push_back(fmt::format("{}={}", escaped(name), escaped(value)));
  return fmt::format("{}", fmt::join(texts, ","));
}

std::string_view word(bool flag) {
  return flag ? "True" : "False";
}

std::string_view word(AutoRestart when) {
  return when == AutoRestart::always ? "always" : when == AutoRestart::unexpected ? "unexpected" : "never";
}

std::string list(const std::vector<std::uint8_t>& codes) {
  return fmt::format("[{}]", fmt::join(codes, ", "));
}

std::string channel_text(const Channel& channel) {
  const bool has_path = channel.file.kind == LogFile::Kind::path;
  return fmt::format("{}|{}|{}|{}|{}|{}",
                     has_path                                   ? channel.file.path
                     : channel.file.kind == LogFile::Kind::none ? "NONE"
                                                                : "AUTO",
                     channel.max_bytes, channel.backups, channel.capture_max_bytes, word(channel.events_enabled),
                     word(channel.syslog));
}

std::string process_text(const Process& p) {
  const std::string uid = p.user ? fmt::format("{}", p.user->uid) : "";
  const std::string umask = p.umask ? fmt::format("{}", *p.umask) : "";
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", escaped(p.group),
                     escaped(p.name), escaped(p.command), escaped(p.directory.value_or("")), p.priority,
                     word(p.autostart), word(p.autorestart), p.startsecs, p.startretries, p.stopsignal.number(),
                     p.stopwaitsecs, word(p.stopasgroup), word(p.killasgroup), list(p.exitcodes),
                     word(p.redirect_stderr), escaped(pairs(p.environment)), uid, umask,
                     escaped(p.serverurl.value_or("")), channel_text(p.out), channel_text(p.err));
}

std::string config_text(std::string_view text, const TemporaryDirectory& directory) {
  const std::string path = text.starts_with('/') ? std::string(text) : directory.write("one.conf", text);
  const auto read = read_config(path, {.environment = {{"HOME", "/root"}}});
  if (!read) return "ERROR";
  std::string result;
  for (const SharedGroup& group : read->config.groups) {
    result += fmt::format("{} {}\n", escaped(group->name), group->priority);
    for (const Process& process : group->processes) result += process_text(process) + "\n";
  }
  const Daemon& daemon = read->config.daemon;
  result +=
      fmt::format("{}|{}|{}|{}", daemon.logfile, daemon.minfds, daemon.umask.value_or(022), pairs(daemon.environment));
  return escaped(result);
}

template <class Value, class Format>
std::string answer_of(const Parsed<Value>& value, Format format) {
  return value ? escaped(fmt::format("{}", format(*value))) : "ERROR";
}

const Expansions kNames{{"here", "/etc"},
                        {"process_num", std::int64_t{7}},
                        {"negative", std::int64_t{-3}},
                        {"a(b)", "nested"},
                        {"ENV_HOME", "/root"},
                        {"é", "ü"}};

std::string answer(const Question& question, const TemporaryDirectory& directory) {
  const std::string& text = question.text;
  const auto itself = [](const auto& value) { return value; };
  if (question.kind == "ini") return ini_text(text);
  if (question.kind == "config") return config_text(text, directory);
  if (question.kind == "expand") return answer_of(expand(text, kNames), [](const Expanded& e) { return e.text; });
  if (question.kind == "environment") return answer_of(parse_environment(text), pairs);
  if (question.kind == "integer") return answer_of(parse_integer(text), itself);
  if (question.kind == "bytes") return answer_of(parse_bytes(text), itself);
  if (question.kind == "octal") return answer_of(parse_octal(text), itself);
  if (question.kind == "signal") return answer_of(parse_stop_signal(text), [](Signal s) { return s.number(); });
  if (question.kind == "flag") return answer_of(parse_flag(text), [](bool flag) { return word(flag); });
  if (question.kind == "exitcodes") return answer_of(parse_exit_codes(text), list);
  if (question.kind == "autorestart") return answer_of(parse_auto_restart(text), [](AutoRestart r) { return word(r); });
  if (question.kind == "inet") {
    return answer_of(parse_inet_address(text),
                     [](const InetAddress& address) { return fmt::format("{} {}", address.host, address.port); });
  }
  return answer_of(lex(text, {}), [](const std::vector<std::string>& words) {
    std::vector<std::string> texts;
    for (const std::string& one : words) texts.push_back(escaped(one));
    return fmt::format("{}", fmt::join(texts, "\n"));
  });
}

// Where foster reads more than this version does, on purpose.
bool is_more(const Question& question, const std::string& theirs, const std::string& ours) {
  if (theirs != "ERROR" || ours == "ERROR") return false;
  return question.kind == "environment" || question.kind == "signal";
}

void compare(const std::vector<Question>& questions) {
  if (python().empty()) GTEST_SKIP() << "no python3 with the supervisor package";
  const TemporaryDirectory directory;
  const auto answers = ask(questions);
  ASSERT_EQ(answers.size(), questions.size());
  for (std::size_t n = 0; n < questions.size(); ++n) {
    const std::string ours = answer(questions[n], directory);
    if (is_more(questions[n], answers[n], ours)) continue;
    EXPECT_EQ(ours, answers[n]) << questions[n].kind << ": " << questions[n].text;
  }
}

// Texts put together from pieces that mean something.
std::vector<Question> random_questions(const std::string& kind, const std::vector<std::string>& pieces, unsigned count,
                                       unsigned longest) {
  std::mt19937 random(20'250'801);
  std::vector<Question> questions;
  for (unsigned n = 0; n < count; ++n) {
    std::string text;
    for (unsigned length = 1 + static_cast<unsigned>(random()) % longest; length > 0; --length) {
      text += pieces[random() % pieces.size()];
    }
    questions.push_back({kind, std::move(text)});
  }
  return questions;
}

TEST(SupervisorAndFoster, ReadTheSameFromOddFiles) {
  compare({
      {"ini", "[a]\nx=1 ;c\n  y\n"},
      {"ini", "[a]\nx = a;b\ny = a ;b\nz=;x\nw=#x\nv= ; x\n"},
      {"ini", "[a]\ncommand=sh -c 'a ; b'\nc2=a#b ;c\nc3=a#b #c ;d\nc4=a;b #c ;d\n"},
      {"ini", "[a] ; comment\nx=1\n[b]c]\ny: 2\n[ c ]\n  z=3\n  w=4\n    v\n"},
      {"ini", "[a]\nx=1\n\n\n y\n\n[b]\nq=1\n\n"},
      {"ini", "[a]\nx=1\n; comment\n y\n # other\n z\n"},
      {"ini", "[a]\nx=1\n[b]\ny=1\n[a]\nx=2\nz=3\n"},
      {"ini", "[DEFAULT]\nd=1\n[a]\nd=2\n"},
      {"ini", "x=1\n[a]\n"},
      {"ini", "[a]\nnothing here\n"},
      {"ini", "[a]\n=1\n"},
      {"ini", "[]\nx=1\n"},
      {"ini", "[a]\r\nx=1\r\n  y\r\n"},
      {"ini", "[a]\nx=1\ry=2\n"},
      {"ini", "\xEF\xBB\xBF[a]\nx=1\n"},
      {"ini", "[a]\nX = 1\n\xC2\xA0 y = 3\n"},
      {"ini", "  [a]\n  x=1\n  y=2\n   z\n [b]\n x=\n"},
      {"ini", "[a]\nx=\n  y\n  z = 1\n"},
      {"ini", "[a]\nx y = 1 = 2 : 3\na:b=c\n"},
      {"ini", ""},
      {"ini", "\xFF[a]\n"},
  });
}

TEST(SupervisorAndFoster, ReadTheSameFromRandomFiles) {
  compare(random_questions(
      "ini", {"[a]", "[b]", "[", "]",  "x", "y=", "z:", "=",         ":", " ",    "  ",       "\t",       "\n",
              "\n",  "\n ", ";", " ;", "#", " #", "1",  "two words", "é", "\r\n", "\xC2\xA0", "[DEFAULT]"},
      300, 14));
}

TEST(SupervisorAndFoster, ExpandTheSame) {
  std::vector<Question> questions;
  for (const char* text : {"%(here)s",
                           "%(process_num)d",
                           "%(process_num)02d",
                           "%(process_num)-4d|",
                           "%(process_num)+d",
                           "%(process_num)x",
                           "%(process_num)#x",
                           "%(process_num)5.3d",
                           "%(negative)05d",
                           "%(negative)x",
                           "%(negative) d",
                           "%(here)10s",
                           "%(here)-10s|",
                           "%(here).2s",
                           "%(here)d",
                           "%%",
                           "100%",
                           "%h",
                           "%(nothing)s",
                           "%(here",
                           "%(here)",
                           "%(a(b))s",
                           "%(process_num)f",
                           "%(process_num).2f",
                           "%(process_num)e",
                           "%(process_num)g",
                           "%(process_num)08.3f",
                           "%(é)s",
                           "%(é)3s",
                           "%(here)r",
                           "%(process_num)c",
                           "%(here)%",
                           "%(process_num)ls",
                           "%(process_num)i",
                           "%(process_num)u",
                           "%(process_num)o",
                           "%(process_num)#o",
                           "%d",
                           "%5%",
                           "date +%%s",
                           "%(process_num)s",
                           "%(process_num)010s|"}) {
    questions.push_back({"expand", text});
  }
  compare(questions);
}

TEST(SupervisorAndFoster, ExpandTheSameAtRandom) {
  compare(random_questions("expand",
                           {"%(here)", "%(process_num)", "%(negative)", "%(é)", "%%", "s", "d", "x", "0", "5", ".", "3",
                            "-", "+", " ", "#", "text", "%(ENV_HOME)s", "%(no)s"},
                           1500, 7));
}

TEST(SupervisorAndFoster, SplitCommandsTheSame) {
  compare(random_questions("command", {"a", "b c", "'", "\"", "\\", " ", "\n", "#", "|", "$x", "é", "\\\"", "''"}, 1500,
                           9));
}

TEST(SupervisorAndFoster, ReadEnvironmentsTheSame) {
  std::vector<Question> questions = random_questions(
      "environment", {"A", "B", "=", "=", ",", "\"", "'", " ", "\n", "x", "1", "/p", "a b", "@", "$", "\\", "#", "-"},
      2500, 10);
  for (const char* text : {"", "A=1", "A=1,B=2", "A=\"\"", "A='say \"hi\"'", "A=a@b", "A=1 B=2", "A=$HOME", "A=\"x\"y",
                           "A=\"x", "A", "A=1,", "A=1,\n B=2,\n", "A=/usr/bin:/bin,B=\"a,b\"", "A=1,A=2", "A=1;B=2"}) {
    questions.push_back({"environment", text});
  }
  compare(questions);
}

TEST(SupervisorAndFoster, ReadSmallValuesTheSame) {
  std::vector<Question> questions;
  for (const char* text :
       {"0", "1", "-1", "+5", " 7 ", "1_000", "1__0", "_1", "1_", "010", "", " ", "1.5", "0x1", "x", "1 2"}) {
    questions.push_back({"integer", text});
  }
  for (const char* text :
       {"0", "1", "50MB", "50mb", "10 KB", "1GB", "1KB ", "1K", "1TB", "KB", "1.5MB", "1_0kb", "MB50", ""}) {
    questions.push_back({"bytes", text});
  }
  for (const char* text : {"022", "22", "0o22", "0O7", "8", "", "0700", "7_7", "0o", "x"})
    questions.push_back({"octal", text});
  for (const char* text : {"TERM", "sigterm", "SigTerm", "15", "1", "31", "65", "-1", "FOO", "", " HUP ", "CHLD", "CLD",
                           "POLL", "IOT", "RTMIN", "34", "64"}) {
    questions.push_back({"signal", text});
  }
  for (const char* text : {"true", "TRUE", "Yes", "on", "1", "false", "no", "OFF", "0", "", "2", "t", " true"}) {
    questions.push_back({"flag", text});
    questions.push_back({"autorestart", text});
  }
  for (const char* text : {"unexpected", "Unexpected", "UNEXPECTED", "always"})
    questions.push_back({"autorestart", text});
  for (const char* text : {"0", "0,2", "0, 2 ", "", "0,", "256", "-1", "a", "0,0"})
    questions.push_back({"exitcodes", text});
  for (const char* text : {"9001", ":9001", "*:9001", "localhost:9001", "LocalHost:1", "0", "65536", "x:y", "h:", "",
                           "1.2.3.4:80", "a:b:80"}) {
    questions.push_back({"inet", text});
  }
  compare(questions);
}

TEST(SupervisorAndFoster, ReadTheSameFromConfigs) {
  constexpr std::string_view kDaemon = "[supervisord]\n";
  constexpr std::string_view kCat = "[program:cat]\ncommand=/bin/cat\n";
  std::vector<Question> questions;
  for (const char* text :
       {"",
        "[supervisord]\n",
        "[program:x]\ncommand=x\n",
        "[supervisord]\n[program:x]\n",
        "[supervisord]\nenvironment=A=1,B=\"x y\"\nminfds=10\numask=077\nlogfile=/tmp/x.log\n[program:p]\ncommand=p "
        "%(ENV_A)s %(ENV_HOME)s\nenvironment=B=2,C=%(ENV_A)s\n",
        "[supervisord]\nenvironment=A=%(here).1s\n",
        "[supervisord]\nloglevel=loud\n",
        "[supervisord]\nminfds=x\n",
        "[supervisord]\nlogfile=/nowhere/at/all/x.log\n",
        "[supervisord]\n[include]\nfiles=/nowhere/*.conf\n",
        "[supervisord]\n[include]\n",
        "[supervisord]\nenvironment=A=\"100%%%%\"\n",
        "[supervisord]\n[group:g]\nprograms=a,b\npriority=5\n[program:a]\ncommand=a\n[program:b]\ncommand=b\nnumprocs="
        "2\n"
        "process_name=%(group_name)s_%(process_num)d_%(host_node_name).0s\n",
        "[supervisord]\n[group:g]\nprograms=a,\n[program:a]\ncommand=a\n",
        "[supervisord]\n[group:g]\nprograms=no\n",
        "[supervisord]\n[group:g]\n",
        "[supervisord]\n[group:g h]\nprograms=\n",
        "[supervisord]\n[group:g]\nprograms=a\n[program:a]\ncommand=a\n[fcgi-program:a]\ncommand=a\nsocket=tcp://h:1\n",
        "[supervisord]\n[group:a]\nprograms=b\npriority=1\n[program:a]\ncommand=a\n[program:b]\ncommand=b\n",
        "[supervisord]\n[group:x]\nprograms=a\n[group:y]\nprograms=a\n[program:a]\ncommand=a\n",
        "[supervisord]\n[eventlistener:l]\ncommand=l\nevents=tick_5,PROCESS_STATE\n",
        "[supervisord]\n[eventlistener:l]\ncommand=l\n",
        "[supervisord]\n[eventlistener:l]\ncommand=l\nevents=NO\n",
        "[supervisord]\n[eventlistener:l]\ncommand=l\nevents=TICK\nbuffer_size=0\n",
        "[supervisord]\n[eventlistener:l]\ncommand=l\nevents=TICK\nredirect_stderr=true\n",
        "[supervisord]\n[fcgi-program:f]\ncommand=f\nsocket=unix:///tmp/%(program_name)s.sock\n",
        "[supervisord]\n[fcgi-program:f]\ncommand=f\nsocket=tcp://localhost:9000\nsocket_mode=0700\n",
        "[supervisord]\n[fcgi-program:f]\ncommand=f\nsocket=udp://localhost:9000\n",
        "[supervisord]\n[fcgi-program:f]\ncommand=f\n",
        "[supervisord]\n[fcgi-program:f]\ncommand=f\nsocket=unix:///tmp/x\nsocket_backlog=0\n",
        "[supervisord]\n[inet_http_server]\n",
        "[supervisord]\n[inet_http_server]\nport=1\nusername=x\n",
        "[supervisord]\n[unix_http_server]\n",
        "[supervisord]\n[unix_http_server]\nfile=%(here)s/x.sock\nchmod=9\n",
        "[supervisord]\n[rpcinterface:supervisor]\n",
        "[supervisord]\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_"
        "rpcinterface\n",
        "[supervisord]\n[program: x ]\ncommand=x\n",
        "[supervisord]\n[program:]\ncommand=x\n",
        "[supervisord]\n[program:a b]\ncommand=x\n",
        "[supervisord]\n[program:a:b]\ncommand=x\n",
        "[supervisord]\n[unknown]\nx=y\n",
        "[DEFAULT]\nstartsecs=7\n[supervisord]\n[program:x]\ncommand=x\n",
        "[supervisord]\n[program:b]\ncommand=b\npriority=2\n[program:a]\ncommand=a\npriority=3\n[program:c]\ncommand="
        "c\n"}) {
    questions.push_back({"config", text});
  }
  for (const char* keys :
       {"numprocs=3\nprocess_name=%(process_num)02d\nnumprocs_start=9\n",
        "numprocs=2\n",
        "numprocs=0\n",
        "numprocs=x\n",
        "process_name=a/b\n",
        "process_name=%(no)s\n",
        "startsecs=0\nstartretries=0\nautorestart=true\nautostart=no\n",
        "stopsignal=INT\nstopwaitsecs=3\nstopasgroup=true\n",
        "stopasgroup=true\nkillasgroup=false\n",
        "killasgroup=true\n",
        "exitcodes=0,2\n",
        "exitcodes=\n",
        "redirect_stderr=true\nstderr_logfile=/tmp/x\n",
        "stdout_logfile=NONE\nstderr_logfile=/tmp/%(program_name)s.err\nstdout_logfile_maxbytes=0\n",
        "stdout_logfile=/tmp/x_%(process_num)d\nstdout_logfile_maxbytes=1MB\nstdout_logfile_backups=2\n",
        "stdout_logfile=syslog\n",
        "stdout_logfile=AUTO\nstdout_logfile_maxbytes=0\n",
        "stdout_logfile=/nowhere/at/all/x\n",
        "stdout_logfile=/tmp/100%%%%\n",
        "stdout_capture_maxbytes=1KB\nstdout_events_enabled=true\nstderr_syslog=yes\n",
        "environment=A=1,B=%(process_num)d\ndirectory=/tmp/%(ENV_A)s/%(ENV_B)s\n",
        "environment=A=1 2\n",
        "user=root\numask=077\n",
        "user=nobody-of-this-name\n",
        "user=0\n",
        "umask=9\n",
        "serverurl=auto\n",
        "serverurl=http://%(host_node_name).0s:1\n",
        "priority=-5\n",
        "command=%(here\n",
        "command=%(no)s\n",
        "command=date +%\n",
        "command=a %(ENV_HOME)s %(group_name)s %(numprocs)d\n",
        "autorestart=maybe\n",
        "stopsignal=NOPE\n",
        "startsecs=%(process_num)d\n",
        "priority=%(here)s\n",
        "directory=%(process_num)03d\n",
        "nonsense=%(x\n"}) {
    questions.push_back({"config", std::string(kDaemon) + std::string(kCat) + keys});
  }
  compare(questions);
}

TEST(SupervisorAndFoster, FollowIncludesInTheSameOrder) {
  const TemporaryDirectory directory;
  (void)directory.write("conf.d/b.conf", "[program:x]\ncommand=b %(here)s\n[include]\nfiles=../c.conf\n");
  (void)directory.write("conf.d/a.conf", "[program:x]\ncommand=a\nstartsecs=5\n[program:y]\ncommand=y %(here)s\n");
  (void)directory.write("conf.d/.hidden.conf", "[program:hidden]\ncommand=x\n");
  (void)directory.write("c.conf", "[program:c]\ncommand=c\n");
  const std::string main =
      directory.write("main.conf",
                      "[supervisord]\nlogfile=%(here)s/x.log\n[program:x]\nstartsecs=9\ncommand=%(here)s\n"
                      "[include]\nfiles = conf.d/*.conf\n  no/*.conf %(here)s/[d-z]*.ini\n");
  (void)directory.write("z.ini", "[program:z]\ncommand=z\n");
  compare({{"config", main}});
}

}  // namespace
}  // namespace foster::config::supervisord
