#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "temporary_directory.hpp"

namespace foster::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

core::Model model_of(std::string_view text) {
  auto model = load_text(text, "foster.toml", "/srv/shop", "shop");
  EXPECT_TRUE(model) << (model ? "" : render(model.error()));
  return model ? std::move(*model) : core::Model{};
}

core::Service service_of(std::string_view lines) {
  core::Model model = model_of("[service.web]\n" + std::string(lines));
  return model.services.empty() ? core::Service{} : model.services.front();
}

core::Readiness readiness_of(std::string_view value) {
  return service_of("command = 'x'\nready = " + std::string(value)).ready;
}

core::Service bare_service(std::string name, std::vector<std::string> argv, std::string text) {
  core::Service service;
  service.name = std::move(name);
  service.argv = std::move(argv);
  service.command_text = std::move(text);
  return service;
}

TEST(LoadText, GivesEveryKeyOfTheExampleItsMeaning) {
  const core::Model model = model_of(R"(
name = "shop2"
[service.redis]
command = ["redis-server", "--save", ""]
ready = { tcp = "127.0.0.1:6390", timeout = "5s" }
[service.app]
command = "python3 app.py --task %i"
directory = "app"
workers = 2
needs = ["redis"]
environment = { REDIS_PORT = "6390", DEBUG = 1 }
clear-environment = true
restart = "always"
backoff = { initial = "200ms", max = "1m", factor = 3, jitter = 0.5, reset-after = "20s" }
limit = { count = 7, within = "1m" }
stop = { signal = "INT", timeout = "3s" }
log = { max-size = "1MB", keep = 2 }
ready = "notify"
user = "www-data"
group = 33
umask = "027"
stdin = "in"
autostart = false
start-seconds = 2.5
[service.nginx]
type = "forking"
command = ["nginx"]
pidfile = "nginx.pid"
after = ["app"]
essential = true
limit = "none"
log = "none"
)");
  EXPECT_EQ(model.name, "shop2");
  ASSERT_EQ(model.services.size(), 3U);

  core::Service redis = bare_service("redis", {"redis-server", "--save", ""}, "redis-server --save ''");
  redis.directory = "/srv/shop";
  redis.ready = {.how = core::ReadyTcp{.host = "127.0.0.1", .port = 6390}, .timeout = 5s};
  EXPECT_EQ(model.services[0], redis);

  core::Service app = bare_service("app", {"python3", "app.py", "--task", "%i"}, "python3 app.py --task %i");
  app.directory = "/srv/shop/app";
  app.workers = 2;
  app.needs = {"redis"};
  app.environment = {{"REDIS_PORT", "6390"}, {"DEBUG", "1"}};
  app.clear_environment = true;
  app.restart = core::RestartWhen::always;
  app.backoff = {.initial = 200ms, .max = 60s, .factor = 3, .jitter = 0.5, .reset_after = 20s};
  app.limit = core::Limit{.count = 7, .within = 60s};
  app.stop = {.signal = *Signal::from_number(SIGINT), .timeout = 3s};
  app.log = {.enabled = true, .max_size = 1'000'000, .keep = 2};
  app.ready.how = core::ReadyNotify{};
  app.user = "www-data";
  app.group = "33";
  app.umask = 027;
  app.stdin_path = "/srv/shop/app/in";
  app.autostart = false;
  app.start_seconds = 2500ms;
  EXPECT_EQ(model.services[1], app);

  core::Service nginx = bare_service("nginx", {"nginx"}, "nginx");
  nginx.type = core::ServiceType::forking;
  nginx.directory = "/srv/shop";
  nginx.pidfile = "/srv/shop/nginx.pid";
  nginx.after = {"app"};
  nginx.essential = true;
  nginx.limit.reset();
  nginx.log.enabled = false;
  nginx.ready.how = core::ReadyForking{};
  EXPECT_EQ(model.services[2], nginx);
}

TEST(LoadText, KeepsTheServicesInTheOrderOfTheFileAndTakesTheDefaultName) {
  const core::Model model = model_of("[service.z]\ncommand='z'\n[service.a]\ncommand='a'\n[service.m]\ncommand='m'\n");
  EXPECT_EQ(model.name, "shop");
  ASSERT_EQ(model.services.size(), 3U);
  EXPECT_EQ(model.services[0].name + model.services[1].name + model.services[2].name, "zam");
}

TEST(LoadText, TakesWindowsLineEndsAndAByteOrderMark) {
  EXPECT_EQ(model_of("\xEF\xBB\xBF[service.web]\r\ncommand = 'x'\r\n").services.front().argv,
            std::vector<std::string>{"x"});
}

TEST(LoadedCommand, RunsThroughAShellWhereItHoldsShellSyntaxOrIsForced) {
  const core::Service simple = service_of("command = 'echo \"a b\" c'");
  EXPECT_THAT(simple.argv, ElementsAre("echo", "a b", "c"));
  EXPECT_FALSE(simple.shell);
  const core::Service piped = service_of("command = 'echo a | cat'");
  EXPECT_THAT(piped.argv, ElementsAre("/bin/sh", "-c", "echo a | cat"));
  EXPECT_TRUE(piped.shell);
  EXPECT_EQ(piped.command_text, "echo a | cat");
  EXPECT_THAT(service_of("command = 'echo a'\nshell = true").argv, ElementsAre("/bin/sh", "-c", "echo a"));
  EXPECT_THAT(service_of("command = 'echo a | cat'\nshell = false").argv, ElementsAre("echo", "a", "|", "cat"));
  EXPECT_THAT(service_of("command = \"echo it # isn't\"").argv, ElementsAre("/bin/sh", "-c", "echo it # isn't"));
}

TEST(LoadedReadiness, KnowsEveryWayInShortAndLong) {
  EXPECT_EQ(readiness_of("'none'").how, decltype(core::Readiness::how)(core::ReadyNone{}));
  EXPECT_EQ(readiness_of("{ how = 'notify', timeout = '1m' }"),
            (core::Readiness{.how = core::ReadyNotify{}, .timeout = 60s}));
  EXPECT_EQ(readiness_of("{ fd = 5 }").how, decltype(core::Readiness::how)(core::ReadyFd{.number = 5}));
  EXPECT_EQ(readiness_of("{ tcp = 80, interval = '1s' }"),
            (core::Readiness{.how = core::ReadyTcp{.host = "127.0.0.1", .port = 80}, .interval = 1s}));
  EXPECT_EQ(readiness_of("{ http = 'http://h:81/x' }").how,
            decltype(core::Readiness::how)(core::ReadyHttp{.host = "h", .port = 81, .target = "/x"}));
  EXPECT_EQ(readiness_of("{ exec = 'test -e x' }").how,
            decltype(core::Readiness::how)(core::ReadyExec{{"test", "-e", "x"}}));
  EXPECT_EQ(readiness_of("{ exec = 'a | b' }").how,
            decltype(core::Readiness::how)(core::ReadyExec{{"/bin/sh", "-c", "a | b"}}));
  EXPECT_EQ(readiness_of("{ exec = ['a', 'b c'] }").how, decltype(core::Readiness::how)(core::ReadyExec{{"a", "b c"}}));
  EXPECT_EQ(readiness_of("{ log = 'listening on [0-9]+' }").how,
            decltype(core::Readiness::how)(core::ReadyLog{"listening on [0-9]+"}));
}

TEST(LoadedReadiness, OfAForkingServiceIsForkingUnlessItSaysOtherwise) {
  EXPECT_TRUE(std::holds_alternative<core::ReadyForking>(service_of("command='x'\ntype='forking'").ready.how));
  EXPECT_TRUE(
      std::holds_alternative<core::ReadyNone>(service_of("command='x'\ntype='forking'\nready='none'").ready.how));
}

TEST(LoadedEnvironment, TakesEnvFilesInOrderAndLetsTheTableWin) {
  const TemporaryDirectory directory;
  directory.write("one.env", "A=1\nB=1\nC=1\n");
  directory.write("two.env", "B=2\nC=2\n");
  const std::string path = directory.write(
      "foster.toml", "[service.web]\ncommand='x'\nenvironment={C='3',D='3'}\nenv-file=['one.env','two.env']\n");
  const auto loaded = load_file(path);
  ASSERT_TRUE(loaded) << render(loaded.error());
  EXPECT_THAT(loaded->model.services.front().environment,
              ElementsAre(Pair("A", "1"), Pair("B", "2"), Pair("C", "3"), Pair("D", "3")));
}

TEST(LoadFile, TakesNameAndDirectoriesFromWhereTheFileLies) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("my shop!/foster.toml", "[service.web]\ncommand='x'\n");
  const auto loaded = load_file(path);
  ASSERT_TRUE(loaded) << render(loaded.error());
  EXPECT_EQ(loaded->path, path);
  EXPECT_EQ(loaded->model.name, "my-shop");
  EXPECT_EQ(loaded->model.services.front().directory, directory.path() + "/my shop!");
  EXPECT_THAT(loaded->warnings, IsEmpty());
  EXPECT_EQ(load_file(path, {.default_name = "given"})->model.name, "given");
}

TEST(LoadFile, WarnsOfWhatIsProbablyNotMeantAndLoadsAllTheSame) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("foster.toml",
                                           "[service.web]\ncommand = 'x'\ndirectory = '/nowhere/at/all'\n"
                                           "pidfile = 'x.pid'\nneeds = ['b', 'b']\n[service.b]\ncommand = 'b'\n");
  const auto loaded = load_file(path);
  ASSERT_TRUE(loaded) << render(loaded.error());
  EXPECT_EQ(render(loaded->warnings), path +
                                          ":3:13: warning: there is no directory /nowhere/at/all now\n"
                                          "    3 | directory = '/nowhere/at/all'\n"
                                          "      |             ^\n"
                                          "      = hint: it must exist when the service starts\n"
                                          "\n" +
                                          path +
                                          ":4:11: warning: the pidfile is not used by a service that does not fork\n"
                                          "    4 | pidfile = 'x.pid'\n"
                                          "      |           ^\n"
                                          "      = hint: add type = \"forking\", or leave it out\n"
                                          "\n" +
                                          path +
                                          ":5:15: warning: \"b\" is named twice\n"
                                          "    5 | needs = ['b', 'b']\n"
                                          "      |               ^\n");
}

TEST(LoadFile, WarnsOfAFileWithoutServices) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("foster.toml", "");
  const auto loaded = load_file(path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(render(loaded->warnings),
            path + ": warning: no service is declared\n  hint: a service begins with [service.NAME]\n");
}

TEST(LoadFile, SaysWhyAFileCannotBeRead) {
  const TemporaryDirectory directory;
  const std::string missing = directory.path() + "/none.toml";
  EXPECT_EQ(render(load_file(missing).error()),
            missing + ": error: cannot read the file: open " + missing + ": No such file or directory\n");
  EXPECT_EQ(
      render(load_file(directory.path()).error()),
      directory.path() + ": error: this is a directory\n  hint: name the file: " + directory.path() + "/foster.toml\n");
  const std::string fifo = directory.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(render(load_file(fifo).error()), fifo + ": error: this is not a regular file\n");
  EXPECT_EQ(render(load_file("/dev/null").error()), "/dev/null: error: this is not a regular file\n");
  const std::string large = directory.write("large.toml", "");
  std::filesystem::resize_file(large, (std::uintmax_t{16} << 20) + 1);
  EXPECT_EQ(render(load_file(large).error()), large + ": error: the file is larger than 16 MiB, so it is no config\n");
}

TEST(LoadFile, SaysWhenItMayNotReadTheFile) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryDirectory directory;
  const std::string path = directory.write("foster.toml", "");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  EXPECT_EQ(render(load_file(path).error()),
            path + ": error: cannot read the file: open " + path + ": Permission denied\n");
}

TEST(ServiceFromJson, ReadsTheKeysOfAServiceAndLooksNoDependencyUp) {
  const auto service = service_from_json(
      "web", R"({"command": ["python3", "-m", "http.server"], "needs": ["other"], "stop": "INT", "workers": 2})",
      "/srv");
  ASSERT_TRUE(service) << render(service.error());
  EXPECT_EQ(service->name, "web");
  EXPECT_THAT(service->argv, ElementsAre("python3", "-m", "http.server"));
  EXPECT_EQ(service->directory, "/srv");
  EXPECT_THAT(service->needs, ElementsAre("other"));
  EXPECT_EQ(service->stop.signal, *Signal::from_number(SIGINT));
}

TEST(ServiceFromJson, ReportsAllFindingsByTheirKeys) {
  EXPECT_EQ(
      render(service_from_json("web", R"({"comand": "x", "stop": {"timeout": 5}, "user": null})", "/srv").error()),
      "error: service.web.comand: unknown key \"comand\"\n  hint: did you mean \"command\"?\n"
      "\n"
      "error: service.web.user: expected a name or a number, found null\n"
      "\n"
      "error: service.web.stop.timeout: expected a duration with its unit, found the number 5\n"
      "  hint: write \"5s\"\n"
      "\n"
      "error: service.web: the service \"web\" has no command\n"
      "  hint: add command = [\"program\", \"argument\"]\n");
  EXPECT_EQ(render(service_from_json("web", "[]", "/srv").error()), "error: the JSON is not an object\n");
  EXPECT_TRUE(render(service_from_json("a:b", R"({"command": "x"})", "/").error())
                  .starts_with("error: service.a:b: \"a:b\" cannot be the name of a service\n"));
}

TEST(ServiceToJson, HoldsOnlyWhatDiffersFromTheDefaults) {
  EXPECT_EQ(service_to_json(service_of("command = ['x', 'y z']")),
            R"({"command":["x","y z"],"directory":"/srv/shop"})");
  EXPECT_EQ(service_to_json(service_of("command = 'a | b'\nstop = 'INT'\nready = 'notify'\nlog = 'none'")),
            R"({"command":"a | b","directory":"/srv/shop","stop":{"signal":"INT"},"ready":"notify","log":"none"})");
}

TEST(DefaultName, IsTheCleanedNameOfTheDirectory) {
  EXPECT_EQ(default_name_for("/srv/shop/foster.toml"), "shop");
  EXPECT_EQ(default_name_for("/srv/My Shop (old)/foster.toml"), "My-Shop-old");
  EXPECT_EQ(default_name_for("/srv/.hidden/foster.toml"), "hidden");
  EXPECT_EQ(default_name_for("/srv/日本/foster.toml"), "default");
  EXPECT_EQ(default_name_for("/foster.toml"), "default");
  EXPECT_EQ(default_name_for("/srv/" + std::string(100, 'x') + "/foster.toml"), std::string(63, 'x'));
}

}  // namespace
}  // namespace foster::config
