// Every finding about a config, as people see it.
#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "temporary_directory.hpp"

namespace foster::config {
namespace {

std::string findings(std::string_view text) {
  const auto model = load_text(text, "foster.toml", "/", "x");
  return model ? "(none)" : render(model.error());
}

// What is found in one line of an otherwise good service.
std::string findings_in(std::string_view line) {
  return findings(fmt::format("[service.web]\ncommand = 'web'\n{}\n", line));
}

// One finding in line 3.
std::string finding(unsigned column, std::string_view line, std::string_view message, std::string_view hint = {}) {
  std::string text = fmt::format("foster.toml:3:{}: error: {}\n    3 | {}\n      | {}^\n", column, message, line,
                                 std::string(column - 1, ' '));
  if (!hint.empty()) text += fmt::format("      = hint: {}\n", hint);
  return text;
}

struct Case {
  std::string_view line;
  unsigned column;
  std::string_view message;
  std::string_view hint = {};
};

void expect_findings(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(findings_in(c.line), finding(c.column, c.line, c.message, c.hint));
}

constexpr std::string_view kNameRule =
    "at most 63 letters, digits, \".\", \"_\" and \"-\", the first a letter or a digit";

constexpr std::string_view kServiceNameRule =
    "at most 63 letters, digits, \".\", \"_\", \"-\", \"+\" and \"@\", the first a letter, a digit or \"_\"; or two "
    "such "
    "names with \":\" between";

TEST(FindingsAboutKeys, NameTheNearestKnownOne) {
  expect_findings({
      {"restrat = 'always'", 1, "unknown key \"restrat\"", "did you mean \"restart\"?"},
      {"cwd = '/'", 1, "unknown key \"cwd\"", "did you mean \"directory\"?"},
      {"env = {}", 1, "unknown key \"env\"", "did you mean \"environment\"?"},
      {"stop = { tiemout = '5s' }", 10, "unknown key \"tiemout\"", "did you mean \"timeout\"?"},
      {"stop = { colour = 1 }", 10, "unknown key \"colour\"", "the keys here are: signal, timeout, target"},
  });
  EXPECT_EQ(findings("nmae = 'x'\n"),
            "foster.toml:1:1: error: unknown key \"nmae\"\n"
            "    1 | nmae = 'x'\n"
            "      | ^\n"
            "      = hint: did you mean \"name\"?\n");
}

TEST(FindingsAboutKeys, KnowAServiceWithoutItsPrefix) {
  EXPECT_EQ(findings("[web]\ncommand = 'x'\n"),
            "foster.toml:1:2: error: unknown table \"web\"\n"
            "    1 | [web]\n"
            "      |  ^\n"
            "      = hint: a service begins with [service.web]\n");
  EXPECT_EQ(findings("[services.web]\ncommand = 'x'\n"),
            "foster.toml:1:2: error: unknown key \"services\"\n"
            "    1 | [services.web]\n"
            "      |  ^\n"
            "      = hint: did you mean \"service\"?\n");
}

TEST(FindingsAboutKeys, NameOneThatIsGivenTwice) {
  EXPECT_EQ(findings_in("command = 'again'"),
            finding(1, "command = 'again'", "'command' is given twice", "keep one of the two"));
  EXPECT_EQ(findings_in("[service.web]"),
            finding(1, "[service.web]", "'service.web' is given twice", "keep one of the two"));
}

TEST(FindingsAboutTypes, SayWhatWasExpectedAndWhatWasFound) {
  expect_findings({
      {"directory = 1", 13, "expected text in quotes, found the number 1"},
      {"essential = 'yes'", 13, "expected true or false, found text", "write true without quotes"},
      {"essential = 'maybe'", 13, "expected true or false, found text"},
      {"essential = 1", 13, "expected true or false, found the number 1"},
      {"environment = []", 15, "expected a table such as { PORT = \"8000\" }, found a list"},
      {"environment = { A = true }", 21, "expected text in quotes, found true",
       "write \"true\" or \"1\", as the program wants it"},
      {"environment = { A = [] }", 21, "expected text in quotes, found a list"},
      {"env-file = 1", 12, "expected a path or a list of paths, found the number 1"},
      {"user = true", 8, "expected a name or a number, found true"},
      {"user = -1", 8, "expected a whole number from 0 to 4294967294, found the number -1"},
      {"needs = 1", 9, "expected a list of service names, found the number 1"},
      {"needs = [1]", 10, "expected text in quotes, found the number 1"},
      {"restart = true", 11, "expected \"always\", \"on-failure\" or \"never\", found true"},
      {"restart = 'alwys'", 11, "expected \"always\", \"on-failure\" or \"never\", found \"alwys\"",
       "did you mean \"always\"?"},
      {"type = 'fork'", 8, "expected \"simple\" or \"forking\", found \"fork\""},
      {"type = 1979-05-27", 8, "expected \"simple\" or \"forking\", found a date"},
      {"backoff = '1s'", 11, "expected a table such as { initial = \"100ms\", max = \"30s\" }, found text"},
      {"limit = 5", 9, "expected \"none\" or a table such as { count = 5, within = \"10s\" }, found the number 5"},
      {"limit = 'never'", 9, "expected \"none\", found \"never\""},
      {"stop = 15", 8,
       "expected a signal such as \"TERM\" or a table such as { signal = \"TERM\", timeout = \"10s\" }, found the "
       "number 15"},
      {"log = false", 7, "expected \"none\" or a table such as { max-size = \"10MB\", keep = 5 }, found false"},
      {"ready = 80", 9,
       "expected \"none\", \"notify\", \"forking\" or a table such as { tcp = \"127.0.0.1:80\" }, found the number 80"},
      {"start-seconds = true", 17, "expected a number of seconds, or a duration such as \"500ms\", found true"},
      {"stdin = \"a\\u0000b\"", 9, "the text holds a NUL byte"},
      {"workers = 1.5", 11, "expected a whole number from 1 to 1000, found the number 1.5"},
  });
}

TEST(FindingsAboutValues, SayWhatToWrite) {
  expect_findings({
      {"start-seconds = '5'", 17, "\"5\" has no unit", "write \"5s\""},
      {"start-seconds = -1", 17, "expected a number from 0 to 86400, found the number -1"},
      {"stop = { timeout = 5 }", 20, "expected a duration with its unit, found the number 5", "write \"5s\""},
      {"stop = { timeout = '5x' }", 20, "\"x\" is no unit of time", "the units are ns, us, ms, s, m, h and d"},
      {"stop = { signal = 'TREM' }", 19, "\"TREM\" is no signal",
       "write a name as in signal(7): \"TERM\", \"INT\", \"QUIT\""},
      {"stop = 'TREM'", 8, "\"TREM\" is no signal", "write a name as in signal(7): \"TERM\", \"INT\", \"QUIT\""},
      {"umask = '9'", 9, "\"9\" is no octal mode", "write octal digits: \"022\""},
      {"umask = 22", 9, "expected octal digits in quotes, found the number 22", "write \"022\""},
      {"log = { max-size = 10 }", 20, "expected a size with its unit, found the number 10",
       "write \"10B\" or \"10MB\""},
      {"log = { max-size = 0 }", 20, "0 is too small", "write \"unlimited\" for no rotation"},
      {"log = { max-size = '0B' }", 20, "0B is too small", "at least 1B"},
      {"log = { max-size = '10 mb' }", 20, "\"mb\" is no unit of size",
       "the units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB"},
      {"log = { when-full = 'drop' }", 21, "expected \"drop-oldest\" or \"block\", found \"drop\""},
      {"log = { keep = 1001 }", 16, "expected a whole number from 0 to 1000, found the number 1001"},
      {"workers = 0", 11, "expected a whole number from 1 to 1000, found the number 0"},
      {"workers = 1001", 11, "expected a whole number from 1 to 1000, found the number 1001"},
      {"limit = { count = 0 }", 19, "expected a whole number from 1 to 16, found the number 0"},
      {"limit = { count = 17 }", 19, "expected a whole number from 1 to 16, found the number 17"},
      {"limit = { within = 0 }", 20, "0s is too short", "at least 1ms"},
      {"backoff = { factor = 0.5 }", 22, "expected a number from 1 to 1000, found the number 0.5"},
      {"backoff = { factor = nan }", 22, "expected a number from 1 to 1000, found the number nan"},
      {"backoff = { jitter = 1.1 }", 22, "expected a number from 0 to 1, found the number 1.1"},
      {"backoff = { initial = '1m' }", 23, "the longest wait, max = 30s, is shorter than the first, initial = 1m"},
      {"backoff = { initial = '2s', max = '1s' }", 35,
       "the longest wait, max = 1s, is shorter than the first, initial = 2s"},
      {"environment = { \"A=B\" = '1' }", 17, "a variable's name is not empty and holds no \"=\" and no NUL byte"},
      {"environment = { \"\" = '1' }", 17, "a variable's name is not empty and holds no \"=\" and no NUL byte"},
  });
}

TEST(FindingsAboutReadiness, AreClear) {
  expect_findings({
      {"ready = 'http'", 9, "expected \"none\", \"notify\" or \"forking\", found \"http\""},
      {"ready = {}", 9, "the table does not say what makes the service ready",
       "add one of how, fd, tcp, http, exec and log"},
      {"ready = { timeout = '5s' }", 9, "the table does not say what makes the service ready",
       "add one of how, fd, tcp, http, exec and log"},
      {"ready = { tcp = 80, fd = 3 }", 21, "\"tcp\" and \"fd\" are two ways to become ready", "keep one of them"},
      {"ready = { fd = 1 }", 16, "descriptor 1 is taken: 0, 1 and 2 are stdin, stdout and stderr", "use 3"},
      {"ready = { fd = 5000 }", 16, "expected a whole number from 3 to 1023, found the number 5000"},
      {"ready = { tcp = 'localhost' }", 17, "\"localhost\" has no port",
       "write \"host:port\", \"[::1]:port\" or a port of 127.0.0.1 alone"},
      {"ready = { tcp = 0 }", 17, "0 is no port", "a port is 1 to 65535"},
      {"ready = { tcp = true }", 17, "expected \"host:port\" or a port, found true"},
      {"ready = { http = 'https://h/' }", 18, "https is not supported here",
       "probe a plain http port, or use ready.exec with a client such as curl"},
      {"ready = { http = '/health' }", 18, "\"/health\" is no http URL", "write \"http://host:port/path\""},
      {"ready = { exec = [] }", 18, "the command is empty"},
      {"ready = { exec = '' }", 18, "the command is empty"},
      {"ready = { exec = 1 }", 18, "expected a command: a list of texts, or text, found the number 1"},
      {"ready = { log = '' }", 17, "the pattern is empty: every line would match it"},
      {"ready = { tcp = 80, timeout = 0 }", 31, "0s is too short", "at least 1ms"},
      {"ready = { tcp = 80, interval = '1us' }", 32, "1us is too short", "at least 1ms"},
      {"ready = 'forking'", 9, "ready = \"forking\" is for services that fork", "add type = \"forking\""},
  });
  EXPECT_EQ(findings_in("ready = { log = '(' }"),
            finding(17, "ready = { log = '(' }",
                    "\"(\" is no regular expression: Mismatched '(' and ')' in regular expression",
                    "the syntax is that of ECMAScript; in TOML, '…' keeps backslashes as they are"));
  EXPECT_TRUE(findings_in("ready = { log = '" + std::string(2000, 'x') + "' }")
                  .starts_with("foster.toml:3:17: error: the pattern is longer than 1024 bytes\n"));
}

TEST(FindingsAboutReadiness, KnowALogThatIsThrownAway) {
  EXPECT_EQ(findings("[service.web]\ncommand = 'web'\nready = { log = 'up' }\nlog = 'none'\n"),
            finding(9, "ready = { log = 'up' }", "ready.log reads the output, and log = \"none\" throws it away",
                    "keep the log, or become ready in another way"));
}

TEST(FindingsAboutReadiness, KnowALogThatKeepsNothing) {
  const auto lines = [](std::string_view log) {
    return fmt::format("[service.web]\ncommand = 'web'\nready = {{ log = 'up' }}\nlog = {{ file = '{}' }}\n", log);
  };
  const auto refused = [](std::string_view log) {
    return finding(9, "ready = { log = 'up' }", fmt::format("ready.log reads the output, and {} keeps nothing", log),
                   "keep the log, or become ready in another way");
  };
  for (const char* log : {"/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2"}) {
    EXPECT_EQ(findings(lines(log)), refused(log));
  }
  EXPECT_EQ(findings(lines("/tmp/web.log")), "(none)");
}

// A FIFO that was made later must not keep what was in force from being read again.
TEST(FindingsAboutReadiness, KnowALogThatIsNoRegularFileOnlyFromAFile) {
  const TemporaryDirectory directory;
  const std::string fifo = directory.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::string text = "[service.web]\ncommand = 'web'\nready = { log = 'up' }\nlog = { file = 'fifo' }\n";
  const std::string config = directory.write("foster.toml", text);
  const auto loaded = load_file(config);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(render(loaded.error()),
              testing::HasSubstr("foster.toml:3:9: error: ready.log reads the output, and " + fifo + " keeps nothing"));
  EXPECT_TRUE(load_text(text, config, directory.path(), "x"));
  const std::string conf =
      directory.write("supervisord.conf",
                      "[supervisord]\n[program:web]\ncommand=web\n"
                      "stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\nx-foster-ready={ log = \"up\" }\n");
  const auto classic = load_file(conf);
  ASSERT_FALSE(classic);
  EXPECT_THAT(render(classic.error()),
              testing::HasSubstr("supervisord.conf:6:16: error: ready.log reads the output, and "
                                 "/dev/stdout keeps nothing"));
}

TEST(FindingsAboutCommands, AreClear) {
  const auto found = [](std::string_view lines) { return findings(fmt::format("[service.web]\n{}\n", lines)); };
  EXPECT_EQ(found("workers = 2"),
            "foster.toml:1:10: error: the service \"web\" has no command\n"
            "    1 | [service.web]\n"
            "      |          ^\n"
            "      = hint: add command = [\"program\", \"argument\"]\n");
  for (const char* empty : {"''", "' '", "[]", "['']", "'\"\"'"}) {
    EXPECT_EQ(found(fmt::format("command = {}", empty)),
              fmt::format("foster.toml:2:11: error: the command is empty\n    2 | command = {}\n      |           ^\n",
                          empty));
  }
  EXPECT_EQ(found("command = 1"),
            "foster.toml:2:11: error: expected a list of texts, or text, found the number 1\n"
            "    2 | command = 1\n"
            "      |           ^\n");
  EXPECT_EQ(found("command = ['a', 1]"),
            "foster.toml:2:17: error: expected text in quotes, found the number 1\n"
            "    2 | command = ['a', 1]\n"
            "      |                 ^\n");
  EXPECT_EQ(found("command = \"a 'b\""),
            "foster.toml:2:11: error: a quote in the command is not closed\n"
            "    2 | command = \"a 'b\"\n"
            "      |           ^\n"
            "      = hint: write the command as a list\n");
  EXPECT_EQ(found("command = \"a $b 'c\"\nshell = false"),
            "foster.toml:2:11: error: a quote in the command is not closed\n"
            "    2 | command = \"a $b 'c\"\n"
            "      |           ^\n"
            "      = hint: write the command as a list\n");
  EXPECT_EQ(found("command = ['a']\nshell = true"),
            "foster.toml:2:11: error: a list is run directly, without a shell\n"
            "    2 | command = ['a']\n"
            "      |           ^\n"
            "      = hint: write the command as text, or leave out shell = true\n");
}

TEST(FindingsAboutNames, TellInstancesThatWouldBeCalledTheSame) {
  EXPECT_EQ(findings("[service.web]\ncommand = 'x'\nworkers = 2\n[service.\"web:1\"]\ncommand = 'x'\n"),
            "foster.toml:4:10: error: \"web\" and \"web:1\" would have instances of the same name\n"
            "    4 | [service.\"web:1\"]\n"
            "      |          ^\n"
            "      = hint: rename one of them\n");
  EXPECT_EQ(findings("[service.web]\ncommand = 'x'\nworkers = 2\n[service.\"web:2\"]\ncommand = 'x'\n"), "(none)");
  // Their logs would be one file.
  EXPECT_THAT(findings("[service.\"a:b\"]\ncommand = 'x'\n[service.\"a@b\"]\ncommand = 'x'\n"),
              testing::HasSubstr("\"a:b\" and \"a@b\" would have instances of the same name"));
}

TEST(FindingsAboutNames, SayWhatANameMayHold) {
  for (const std::string& name : {std::string("a:b:c"), std::string("a:"), std::string(":a"), std::string("-a"),
                                  std::string("a b"), std::string(64, 'a'), std::string("é"), std::string("a/b")}) {
    EXPECT_EQ(
        findings(fmt::format("[service.\"{}\"]\ncommand = 'x'\n", name)),
        fmt::format("foster.toml:1:10: error: \"{0}\" cannot be the name of a service\n    1 | [service.\"{0}\"]\n"
                    "      |          ^\n      = hint: {1}\n",
                    name, kServiceNameRule));
  }
  EXPECT_EQ(findings("name = 'a b'\n"),
            fmt::format("foster.toml:1:8: error: \"a b\" cannot be a name\n    1 | name = 'a b'\n"
                        "      |        ^\n      = hint: {}\n",
                        kNameRule));
  EXPECT_EQ(findings("service = 1\n"),
            "foster.toml:1:11: error: expected tables, found the number 1\n"
            "    1 | service = 1\n"
            "      |           ^\n"
            "      = hint: a service begins with [service.NAME]\n");
  EXPECT_EQ(findings("[service]\nweb = 'x'\n"),
            "foster.toml:2:7: error: expected a table of keys, found text\n"
            "    2 | web = 'x'\n"
            "      |       ^\n"
            "      = hint: a service begins with [service.NAME]\n");
}

TEST(FindingsAboutDependencies, PointAtTheEntryAndNameTheNearestService) {
  EXPECT_EQ(findings("[service.web]\ncommand = 'x'\nneeds = ['redis', 'redsi']\n[service.redis]\ncommand = 'x'\n"),
            "foster.toml:3:19: error: there is no service \"redsi\"\n"
            "    3 | needs = ['redis', 'redsi']\n"
            "      |                   ^\n"
            "      = hint: did you mean \"redis\"?\n");
  EXPECT_EQ(findings_in("after = 'nobody'"), finding(9, "after = 'nobody'", "there is no service \"nobody\""));
}

TEST(FindingsAboutDependencies, ShowACycleWhole) {
  EXPECT_EQ(findings("[service.a]\ncommand = 'x'\nneeds = ['b']\n"
                     "[service.b]\ncommand = 'x'\nafter = ['c']\n"
                     "[service.c]\ncommand = 'x'\nneeds = ['a']\n"),
            "foster.toml:3:10: error: the services wait for each other: a -> b -> c -> a\n"
            "    3 | needs = ['b']\n"
            "      |          ^\n"
            "      = hint: take one of them out of the circle\n");
  EXPECT_EQ(findings_in("needs = ['web']"),
            finding(10, "needs = ['web']", "the services wait for each other: web -> web",
                    "take one of them out of the circle"));
}

TEST(FindingsAboutForking, KnowThatWorkersCannotShareAPidfile) {
  EXPECT_EQ(findings("[service.web]\ncommand = 'web'\npidfile = 'web.pid'\ntype = 'forking'\nworkers = 2\n"),
            finding(11, "pidfile = 'web.pid'", "2 workers cannot share a pidfile",
                    "put %i, the number of the worker, into its name"));
}

TEST(FindingsAboutEnvFiles, NameThePathAndTheCause) {
  EXPECT_EQ(findings_in("env-file = '/nowhere/.env'"),
            finding(12, "env-file = '/nowhere/.env'",
                    "cannot read the env-file: open /nowhere/.env: No such file or directory"));
  EXPECT_EQ(findings_in("env-file = ['/']"),
            finding(13, "env-file = ['/']", "cannot read the env-file: read /: Is a directory"));
}

TEST(FindingsAboutEnvFiles, PointIntoTheEnvFile) {
  const TemporaryDirectory directory;
  const std::string env = directory.write("e.env", "A=1\nB\n");
  EXPECT_EQ(findings_in(fmt::format("env-file = '{}'", env)),
            fmt::format("{}:2:1: error: this is not KEY=VALUE\n"
                        "    2 | B\n"
                        "      | ^\n"
                        "      = hint: write KEY=VALUE, or # before a comment\n",
                        env));
}

TEST(FindingsAboutSyntax, ComeTogetherWithAllOthersInTheOrderOfTheFile) {
  EXPECT_EQ(findings("[service.web]\ncommand = 'x'\nworkers = 0\nrestart = always\nneeds = ['app', 'nobody']\n"
                     "[service.app]\nworkers = \"\n"),
            "foster.toml:3:11: error: expected a whole number from 1 to 1000, found the number 0\n"
            "    3 | workers = 0\n"
            "      |           ^\n"
            "\n"
            "foster.toml:4:11: error: this is no TOML value\n"
            "    4 | restart = always\n"
            "      |           ^\n"
            "      = hint: text is written in quotes: \"…\"\n"
            "\n"
            "foster.toml:5:17: error: there is no service \"nobody\"\n"
            "    5 | needs = ['app', 'nobody']\n"
            "      |                 ^\n"
            "\n"
            "foster.toml:7:12: error: the text is not closed\n"
            "    7 | workers = \"\n"
            "      |            ^\n"
            "      = hint: end it with a quote\n");
}

TEST(FindingsAboutSyntax, DoNotAccuseTheRestOfWhatCouldNotBeRead) {
  EXPECT_EQ(
      findings(
          "[service.web]\ncommand = x\n[service.app]\ncommand = 'x'\nneeds = ['db']\n[service.db\ncommand = 'x'\n"),
      "foster.toml:2:11: error: this is no TOML value\n"
      "    2 | command = x\n"
      "      |           ^\n"
      "      = hint: text is written in quotes: \"…\"\n"
      "\n"
      "foster.toml:6:12: error: expected ']', saw '\\n'\n"
      "    6 | [service.db\n"
      "      |            ^\n");
}

TEST(FindingsWithoutNumber, AreCutAfterTwoHundred) {
  std::string text;
  for (int n = 0; n < 1000; ++n) text += fmt::format("zz{} = 1\n", n);
  const auto model = load_text(text, "f", "/", "x");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().size(), 201U);
  EXPECT_EQ(model.error().back().message, "800 more findings are not shown");
}

}  // namespace
}  // namespace foster::config
