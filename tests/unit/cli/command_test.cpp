// Commands against a foster that only answers: what they ask, print and exit with.
#include "unit/cli/fake_foster.hpp"

namespace foster::cli {
namespace {

struct CommandTest : CliTest {
  api::FakeService service;
  CommandTest() { environment.set("FOSTER_NAME", "shop"); }
};

TEST_F(CommandTest, WithoutAFosterTheExitCodeIsFiveAndTheMessageSaysWhatToDo) {
  for (const auto& words : std::vector<std::vector<const char*>>{{"ps"},
                                                                 {"start", "web"},
                                                                 {"stop", "web"},
                                                                 {"signal", "HUP", "web"},
                                                                 {"logs"},
                                                                 {"why", "web"},
                                                                 {"down"},
                                                                 {"info"}}) {
    Output out(-1);
    Output err(-1);
    Context context{.out = out, .err = err};
    EXPECT_EQ(dispatch(context, words), ExitCode::no_instance) << words.front();
    EXPECT_EQ(err.kept(), "foster: no foster named shop is running; start it with: foster up\n") << words.front();
  }
}

TEST_F(CommandTest, PsShowsATableAndJsonAsItCame) {
  service.rows = {api::row_of("web"), api::row_of("db", core::State::failed)};
  service.rows[0].memory = 1'500'000;
  const FakeFoster foster("shop", service);
  const Ran shown = run_command({"ps"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_NE(shown.out.find("NAME  STATE     PID  READY"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("web   running  4711  yes"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("1.5 MB  requested by root (pid 812)\n"), std::string::npos) << shown.out;
  EXPECT_EQ(run_command({"ps", "--json"}).out, api::encode(service.rows) + "\n");
}

TEST_F(CommandTest, PsOfNamesExitsThreeUnlessAllOfThemRun) {
  service.rows = {api::row_of("web:0"), api::row_of("web:1"), api::row_of("db", core::State::backoff)};
  const FakeFoster foster("shop", service);
  EXPECT_EQ(run_command({"ps", "web"}).code, 0);
  EXPECT_EQ(run_command({"ps", "db"}).code, 3);
  EXPECT_EQ(run_command({"ps", "--json", "*"}).code, 3);
  EXPECT_EQ(run_command({"ps", "nope"}).code, 4);
}

TEST_F(CommandTest, PsAllNamesEachFoster) {
  api::FakeService other;
  service.rows = {api::row_of("web")};
  other.rows = {api::row_of("cache")};
  const FakeFoster one("shop", service);
  const FakeFoster two("blog", other);
  const Ran shown = run_command({"ps", "--all"});
  EXPECT_NE(shown.out.find("FOSTER  NAME"), std::string::npos) << shown.out;
  EXPECT_LT(shown.out.find("blog    cache"), shown.out.find("shop    web"));
  EXPECT_TRUE(
      run_command({"ps", "--all", "--json"}).out.starts_with(R"({"services":[{"foster":"blog","service":"cache")"));
}

TEST_F(CommandTest, StartStopAndRestartTellHowEachCameOut) {
  service.rows = {api::row_of("web"), api::row_of("db")};
  service.failing = {"db"};
  const FakeFoster foster("shop", service);
  const Ran started = run_command({"start", "*"});
  EXPECT_EQ(started.code, 1);
  EXPECT_EQ(started.out, "web running\n");
  EXPECT_EQ(started.err, "foster: db did not become ready: exited with code 3; more: foster why db\n");
  EXPECT_EQ(run_command({"stop", "web"}).out, "web stopped\n");
  EXPECT_EQ(run_command({"restart", "--no-wait", "web"}).code, 0);
  EXPECT_EQ(run_command({"restart", "nope"}).code, 4);
  EXPECT_EQ(service.asked, (std::vector<std::string>{"start *", "stop web", "restart web no-wait", "restart nope"}));
}

TEST_F(CommandTest, SignalTakesTheSignalFirst) {
  service.rows = {api::row_of("web")};
  const FakeFoster foster("shop", service);
  EXPECT_EQ(run_command({"signal", "hup", "web"}).code, 0);
  EXPECT_EQ(service.asked, std::vector<std::string>{"signal HUP web"});
  const Ran reversed = run_command({"signal", "web", "HUP"});
  EXPECT_EQ(reversed.code, 2);
  EXPECT_NE(reversed.err.find("the signal comes first: foster signal HUP NAME"), std::string::npos);
}

TEST_F(CommandTest, ABadConfigOfTheServerExitsSeventyEight) {
  service.rows = {api::row_of("web")};
  service.refuse_with = api::Problem{api::Problem::Kind::bad_config, "no", {}};
  const FakeFoster foster("shop", service);
  EXPECT_EQ(run_command({"start", "web"}).code, 78);
  service.refuse_with = api::Problem{api::Problem::Kind::conflict, "foster is going down", {}};
  const Ran refused = run_command({"start", "web"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "foster: foster is going down\n");
}

TEST_F(CommandTest, LogsOfOneAreItsBytesAndOfSeveralArePrefixed) {
  service.rows = {api::row_of("web"), api::row_of("db")};
  service.logs = {{"web", std::string("one\n\0two", 8)}, {"db", "three\n"}};
  const FakeFoster foster("shop", service);
  EXPECT_EQ(run_command({"logs", "web"}).out, service.logs["web"]);
  EXPECT_EQ(run_command({"logs", "--raw", "web"}).out, service.logs["web"]);
  EXPECT_EQ(run_command({"logs", "-n1", "web"}).out, std::string("\0two", 4));
  const std::string both = run_command({"logs"}).out;
  EXPECT_NE(both.find("web | one\n"), std::string::npos) << both;
  EXPECT_NE(both.find("db  | three\n"), std::string::npos) << both;
  EXPECT_EQ(run_command({"logs", "--raw"}).code, 2);
  EXPECT_EQ(run_command({"logs", "--raw", "*"}).code, 2);
  EXPECT_EQ(run_command({"logs", "nope"}).code, 4);
}

TEST_F(CommandTest, WhyTellsStateCauseHistoryAndLastOutput) {
  service.rows = {api::row_of("web", core::State::failed)};
  service.rows[0].view.exit = Exited{3};
  service.events = {api::event_of(1, "web")};
  service.logs = {{"web", "out of cheese\n"}};
  const FakeFoster foster("shop", service);
  const Ran ran = run_command({"why", "web"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(ran.out.starts_with("web is failed: requested by root (pid 812)\n")) << ran.out;
  EXPECT_NE(ran.out.find("  last exit  exited with code 3\n"), std::string::npos);
  EXPECT_NE(ran.out.find("  next try   none; try again with: foster start web\n"), std::string::npos);
  EXPECT_NE(ran.out.find("    00:00:00.251  backoff: exited with code 3 (run 2)\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("    | out of cheese\n"), std::string::npos);
}

TEST_F(CommandTest, InfoIsJsonForProgramsAndWordsForPeople) {
  const FakeFoster foster("shop", service);
  EXPECT_EQ(run_command({"info", "--json"}).out, api::encode(service.about) + "\n");
  EXPECT_NE(run_command({"info"}).out.find("reaper       pid 100\n"), std::string::npos);
}

TEST_F(CommandTest, RunSendsTheCommandWithTheCallersSurroundings) {
  environment.set("COLOUR_OF_TEST", "blau");
  const FakeFoster foster("shop", service);
  const Ran ran = run_command({"run", "--restart", "always", "--", "/bin/sleep", "-x", "50%"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "sleep running\n");
  ASSERT_TRUE(service.run_request);
  EXPECT_EQ(service.run_request->name, "sleep");
  const std::string& sent = service.run_request->definition;
  EXPECT_NE(sent.find(R"("command":["/bin/sleep","-x","50%%"])"), std::string::npos) << sent;
  EXPECT_NE(sent.find(R"("COLOUR_OF_TEST":"blau")"), std::string::npos);
  EXPECT_NE(sent.find(R"("clear-environment":true)"), std::string::npos);
  EXPECT_NE(sent.find(R"("restart":"always")"), std::string::npos);
  EXPECT_NE(sent.find("\"directory\":\"" + std::filesystem::current_path().string() + "\""), std::string::npos);
  EXPECT_NE(sent.find("\"umask\":\""), std::string::npos);
}

TEST_F(CommandTest, RunTakesAReadinessAndANameAndWorkers) {
  const FakeFoster foster("shop", service);
  EXPECT_EQ(run_command({"run", "-n", "job", "--workers", "2", "--ready", "fd=3", "--", "w", "%i"}).code, 0);
  EXPECT_EQ(service.run_request->name, "job");
  EXPECT_NE(service.run_request->definition.find(R"("command":["w","%i"])"), std::string::npos);
  EXPECT_NE(service.run_request->definition.find(R"("ready":{"fd":3})"), std::string::npos);
  EXPECT_EQ(run_command({"run", "--ready", "fd=x", "--", "w"}).code, 2);
  EXPECT_EQ(run_command({"run"}).code, 2);
}

TEST_F(CommandTest, UpAppliesTheDifferenceToWhatRuns) {
  testing::write_file("foster.toml", "name = \"shop\"\n[service.web]\ncommand = [\"sleep\", \"1\"]\n");
  service.changes = {{core::ServiceChange::Kind::restart, "web", "command changed"},
                     {core::ServiceChange::Kind::unchanged, "db", ""}};
  const FakeFoster foster("shop", service);
  const Ran ran = run_command({"up", "-d"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "~ web (restart): command changed\n");
  EXPECT_EQ(run_command({"up", "--dry-run"}).out, "~ web (restart): command changed\n");
  const std::string file = std::filesystem::current_path().string() + "/foster.toml";
  EXPECT_EQ(service.asked, (std::vector<std::string>{"apply " + file, "apply " + file + " dry"}));
}

TEST_F(CommandTest, UpRefusesToTakeANameFromAnotherConfig) {
  testing::write_file("foster.toml", "name = \"shop\"\n[service.web]\ncommand = [\"sleep\", \"1\"]\n");
  testing::write_file("other.toml", "");
  service.about.config = std::filesystem::current_path().string() + "/other.toml";
  const FakeFoster foster("shop", service);
  const Ran ran = run_command({"up", "-d"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("the name shop is taken"), std::string::npos) << ran.err;
  EXPECT_TRUE(service.asked.empty());
}

TEST_F(CommandTest, UpWithABadConfigChangesNothingAndExitsSeventyEight) {
  testing::write_file("foster.toml", "[service.web]\ncomand = \"true\"\n");
  const FakeFoster foster("shop", service);
  const Ran ran = run_command({"up", "-d"});
  EXPECT_EQ(ran.code, 78);
  EXPECT_NE(ran.err.find("comand"), std::string::npos);
  EXPECT_TRUE(service.asked.empty());
  EXPECT_EQ(run_command({"up", "-d", "no-such-file.toml"}).code, 78);
}

TEST_F(CommandTest, UpDryRunWithoutAFosterShowsTheWholePlan) {
  testing::write_file("foster.toml", "[service.web]\ncommand = [\"sleep\", \"1\"]\n");
  const Ran ran = run_command({"up", "--dry-run"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "+ web (add)\n");
}

TEST_F(CommandTest, CheckNeedsNoFoster) {
  testing::write_file("foster.toml", "[service.web]\ncommand = [\"sleep\", \"1\"]\n");
  const std::string file = std::filesystem::current_path().string() + "/foster.toml";
  EXPECT_EQ(run_command({"check"}).out, file + ": OK, 1 service\n");
  EXPECT_EQ(run_command({"check", "--json"}).out, "{\"ok\":true,\"diagnostics\":[],\"services\":[\"web\"]}\n");
  testing::write_file("foster.toml", "[service.web]\nworkers = 0\n");
  const Ran bad = run_command({"check"});
  EXPECT_EQ(bad.code, 78);
  EXPECT_NE(bad.err.find("^"), std::string::npos) << bad.err;
  EXPECT_TRUE(run_command({"check", "--json"}).out.starts_with("{\"ok\":false,\"diagnostics\":[{\"file\":"));
}

TEST_F(CommandTest, MistypedCommandsAndOptionsAreUsageErrors) {
  const Ran command = run_command({"stat", "web"});
  EXPECT_EQ(command.code, 2);
  EXPECT_EQ(command.err, "foster: no command is called stat; did you mean start?\n");
  const Ran option = run_command({"ps", "--jsno"});
  EXPECT_EQ(option.code, 2);
  EXPECT_TRUE(option.err.ends_with("; see: foster ps --help\n")) << option.err;
  EXPECT_EQ(run_command({}).code, 2);
  EXPECT_EQ(run_command({"start"}).code, 2);
  EXPECT_EQ(run_command({"logs", "-n", "many"}).code, 2);
  EXPECT_EQ(run_command({"--color", "maybe", "version"}).code, 2);
  EXPECT_EQ(run_command({"run", "--bogus", "true"}).code, 2);
  EXPECT_EQ(run_command({"init"}).code, 2);
}

TEST_F(CommandTest, OptionsOfAllCommandsMayStandBeforeTheCommand) {
  EXPECT_EQ(run_command({"--name", "elsewhere", "ps"}).err,
            "foster: no foster named elsewhere is running; start it with: foster up\n");
  EXPECT_EQ(run_command({"--version"}).out, "foster " FOSTER_VERSION "\n");
  EXPECT_EQ(run_command({"version"}).out, "foster " FOSTER_VERSION "\n");
}

TEST_F(CommandTest, AmongSeveralFostersOneMustBeNamed) {
  environment.unset("FOSTER_NAME");
  api::FakeService other;
  const FakeFoster one("a", service);
  const FakeFoster two("b", other);
  EXPECT_EQ(run_command({"ps"}).err, "foster: several fosters are running (a, b); say which with --name\n");
}

}  // namespace
}  // namespace foster::cli
