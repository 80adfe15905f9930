#include "api/json_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/timestamp.hpp"
#include "unit/api/fake_service.hpp"

namespace foster::api {
namespace {

TEST(JsonCodecRows, HaveExactlyTheFieldsThatScriptsRelyOn) {
  InstanceRow row = row_of("web:1");
  row.view.restarts = 4;
  row.cpu = std::chrono::microseconds(1'250'000);
  row.memory = 4096;
  row.stderr_log = "/var/log/web.err";
  row.status = "serving";
  row.dropped_bytes = 17;
  row.log_trouble = "splice web:1.log: No space left on device";
  EXPECT_EQ(encode(std::vector{row}),
            R"({"services":[{"service":"web","instance":1,"name":"web:1","state":"running","pid":4711,"run":1,)"
            R"("restarts":4,"since":"2031-05-07T09:00:00.000Z","ready":true,"exit":null,)"
            R"j("cause":"requested by root (pid 812)","cause_kind":"requested","cause_detail":"root (pid 812)",)j"
            R"("log":"/var/log/foster/shop/web:1.log","stderr_log":"/var/log/web.err","wanted":true,"next":null,)"
            R"("cpu":1.25,"memory":4096,)"
            R"("status":"serving","dropped_bytes":17,)"
            R"("log_trouble":"splice web:1.log: No space left on device"}]})");
}

TEST(JsonCodecRows, AbsentValuesAreNull) {
  InstanceRow row = row_of("web", core::State::stopped);
  row.view.run = 0;
  row.view.wanted = false;
  row.view.cause = {};
  row.log.clear();
  EXPECT_EQ(
      encode(std::vector{row}),
      R"({"services":[{"service":"web","instance":0,"name":"web","state":"stopped","pid":null,"run":null,)"
      R"("restarts":0,"since":"2031-05-07T09:00:00.000Z","ready":false,"exit":null,"cause":null,)"
      R"("cause_kind":"none","cause_detail":null,"log":null,"stderr_log":null,"wanted":false,"next":null,"cpu":null,)"
      R"("memory":null,"status":null,"dropped_bytes":0,"log_trouble":null}]})");
}

TEST(JsonCodecRows, AnExitIsACodeOrASignalByNameAndNullWhenNobodyKnows) {
  InstanceRow row = row_of("web", core::State::failed);
  row.view.exit = Exited{3};
  EXPECT_NE(encode(std::vector{row}).find(R"("exit":{"code":3})"), std::string::npos);
  row.view.exit = Killed{*Signal::from_number(SIGKILL), true};
  EXPECT_NE(encode(std::vector{row}).find(R"("exit":{"signal":"SIGKILL"})"), std::string::npos);
  row.view.exit = ExitUnknown{};
  EXPECT_NE(encode(std::vector{row}).find(R"("exit":null)"), std::string::npos);
}

TEST(JsonCodecRows, TheNextTryIsWallClockTime) {
  InstanceRow row = row_of("web", core::State::backoff);
  row.view.deadline = row.view.since + std::chrono::milliseconds(1500);
  EXPECT_NE(encode(std::vector{row}).find(R"("next":"2031-05-07T09:00:01.500Z")"), std::string::npos);
}

TEST(JsonCodecRows, NoServicesAreAnEmptyList) {
  EXPECT_EQ(encode(std::vector<InstanceRow>{}), R"({"services":[]})");
}

TEST(JsonCodecInfo, HasExactlyTheFieldsThatScriptsRelyOn) {
  EXPECT_EQ(
      encode(FakeService().info()),
      R"({"version":"1.2.3","name":"shop","reaper":100,"supervisor":101,"runtime_dir":"/run/foster/shop",)"
      R"("state_dir":"/var/lib/foster/shop","config":null,"log_dir":"/var/log/foster/shop","history_trouble":null,)"
      R"("recoveries":0,"hangs":0})");
}

TEST(JsonCodecOutcomes, AreNotOkWhenOneOfThemIsNot) {
  EXPECT_EQ(encode(std::vector<Outcome>{{"web", true, core::State::running, ""},
                                        {"db", false, core::State::failed, "exited with code 3"}}),
            R"({"outcomes":[{"name":"web","ok":true,"state":"running","why":null},)"
            R"({"name":"db","ok":false,"state":"failed","why":"exited with code 3"}],"ok":false})");
}

TEST(JsonCodecApplied, TellsChangesWarningsAndOutcomes) {
  const Applied applied{.changes = {{core::ServiceChange::Kind::restart, "web", "command changed"}},
                        .warnings = {{.file = "f.toml",
                                      .line = 3,
                                      .column = 7,
                                      .is_warning = true,
                                      .message = "odd",
                                      .hint = "",
                                      .source_line = "a = 1"}},
                        .outcomes = {}};
  EXPECT_EQ(encode(applied),
            R"({"changes":[{"kind":"restart","service":"web","why":"command changed"}],)"
            R"("warnings":[{"file":"f.toml","line":3,"column":7,"severity":"warning","message":"odd","hint":null,)"
            R"("source":"a = 1"}],"outcomes":[],"ok":true})");
}

TEST(JsonCodecEvents, CarryTheirCauseAsAWordAndAsASentence) {
  EXPECT_EQ(encode(event_of(17, "web")),
            R"({"id":17,"time":"2031-05-07T00:00:00.267Z","name":"web","from":"running","to":"backoff","run":2,)"
            R"("exit":{"code":3},"cause":"exited with code 3","cause_kind":"ended","cause_detail":null,)"
            R"("use":null,"last_output":null})");
}

TEST(JsonCodecEvents, TellWhatARunUsedAndSaidLast) {
  EventRow row = event_of(17, "web");
  row.end = core::RunEnd{.use = core::RunEnd::Use{.user_time = std::chrono::milliseconds(1250),
                                                  .system_time = std::chrono::microseconds(3),
                                                  .most_resident_bytes = 77'000'000},
                         .last_output = "bye\n"};
  EXPECT_THAT(encode(row),
              ::testing::EndsWith(R"("use":{"user":1.25,"system":0.000003,"memory":77000000},"last_output":"bye\n"})"));
  row.end->use->most_resident_bytes.reset();
  EXPECT_THAT(encode(row), ::testing::HasSubstr(R"("memory":null)"));
}

TEST(JsonCodecText, BytesThatAreNoUtf8AreMendedAndControlsEscaped) {
  InstanceRow row = row_of("web");
  row.status = "a\"b\\c\n\x01\xff\xc3\xa9\xed\xa0\x80";
  const std::string json = encode(std::vector{row});
  EXPECT_NE(json.find("\"status\":\"a\\\"b\\\\c\\n\\u0001\xEF\xBF\xBD\xc3\xa9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""),
            std::string::npos)
      << json;
}

TEST(JsonCodecProblem, EveryKindHasAWordAndAStatus) {
  EXPECT_EQ(encode(Problem{Problem::Kind::no_such_service, "no service matches \"x\"", {}}),
            R"({"error":{"kind":"no-such-service","message":"no service matches \"x\"","diagnostics":[]}})");
  EXPECT_EQ(http_status(Problem::Kind::no_such_service), 404U);
  EXPECT_EQ(http_status(Problem::Kind::bad_config), 422U);
  EXPECT_EQ(http_status(Problem::Kind::bad_request), 400U);
  EXPECT_EQ(http_status(Problem::Kind::conflict), 409U);
  EXPECT_EQ(http_status(Problem::Kind::failed), 500U);
}

TEST(JsonCodecRequests, ComeBackAsTheyWere) {
  const ChangeRequest change{.verb = Verb::restart, .patterns = {"web*", "d\"b"}, .wait = false};
  const auto read = decode_change(Verb::restart, encode(change));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->verb, change.verb);
  EXPECT_EQ(read->patterns, change.patterns);
  EXPECT_EQ(read->wait, change.wait);

  const auto signal = decode_signal(encode(SignalRequest{.patterns = {"web"}, .signal = *Signal::from_name("HUP")}));
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->signal.number(), SIGHUP);

  const auto apply = decode_apply(encode(ApplyRequest{.config = "/srv/foster.toml", .dry_run = true, .wait = false}));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->config, "/srv/foster.toml");
  EXPECT_TRUE(apply->dry_run);
  EXPECT_FALSE(apply->wait);

  const auto run =
      decode_run(encode(RunRequest{.name = "web", .definition = R"({"command":["a b","c"]})", .replace = true}));
  ASSERT_TRUE(run);
  EXPECT_EQ(run->name, "web");
  EXPECT_EQ(run->definition, R"({"command":["a b","c"]})");
  EXPECT_TRUE(run->replace);
  EXPECT_TRUE(run->wait);
}

TEST(JsonCodecRequests, BadBodiesAreToldWhatIsWrong) {
  const auto message = [](std::string_view body) {
    const auto answer = decode_change(Verb::start, body);
    return answer ? "accepted" : answer.error().message;
  };
  EXPECT_EQ(message(R"({"names":["a"],"wiat":true})"), "unknown member \"wiat\"");
  EXPECT_EQ(message(""), "\"names\" is missing");
  EXPECT_EQ(message(R"({"names":"a"})"), "\"names\" must be an array of strings");
  EXPECT_EQ(message(R"({"names":[]})"), "\"names\" is empty; [\"*\"] means all");
  EXPECT_EQ(message(R"({"names":["a"],"wait":1})"), "\"wait\" must be true or false");
  EXPECT_EQ(message("[]"), "the body must be a JSON object");
  EXPECT_TRUE(message("{").starts_with("the body is not JSON"));
  EXPECT_EQ(decode_apply(R"({"config":"foster.toml"})").error().message, "\"config\" must be an absolute path");
  EXPECT_EQ(decode_signal(R"({"names":["a"],"signal":"NOPE"})").error().message, "no signal is called \"NOPE\"");
  EXPECT_EQ(decode_run(R"({"name":"a","definition":[]})").error().message, "\"definition\" must be an object");
}

TEST(JsonCodecRequests, DeeplyNestedBodiesAreRefused) {
  EXPECT_FALSE(decode_run(R"({"name":"a","definition":)" + std::string(100'000, '[')));
}

TEST(Timestamp, ComesBackToTheMillisecondAlsoBeforeTheEpoch) {
  for (const auto offset : {0LL, 1LL, 1'999LL, 1'935'000'000'123LL, -1LL}) {
    const std::chrono::system_clock::time_point time{std::chrono::milliseconds(offset)};
    EXPECT_EQ(from_rfc3339(to_rfc3339(time)), time) << to_rfc3339(time);
  }
  EXPECT_EQ(to_rfc3339({}), "1970-01-01T00:00:00.000Z");
  for (const char* text : {"", "1970-01-01", "1970-13-01T00:00:00.000Z", "1970-01-01T00:00:00.000+", "x"}) {
    EXPECT_FALSE(from_rfc3339(text)) << text;
  }
}

TEST(JsonCodecAdopt, SurvivesTheWay) {
  const auto by_pid = decode_adopt(
      encode(AdoptRequest{.name = "web", .pid = 4711, .pidfile = {}, .definition = R"({"command":["a"]})"}));
  ASSERT_TRUE(by_pid) << by_pid.error().message;
  EXPECT_EQ(by_pid->name, "web");
  EXPECT_EQ(by_pid->pid, 4711);
  EXPECT_EQ(by_pid->definition, R"({"command":["a"]})");
  const auto by_file = decode_adopt(encode(AdoptRequest{.name = "web", .pid = 0, .pidfile = "/p", .definition = {}}));
  ASSERT_TRUE(by_file);
  EXPECT_EQ(by_file->pidfile, "/p");
  EXPECT_EQ(by_file->definition, "");
}

TEST(JsonCodecAdopt, NeedsANameAndOneProcess) {
  for (const char* body :
       {R"({"pid":1})", R"({"name":"a"})", R"({"name":"a","pid":1,"pidfile":"/p"})", R"({"name":"a","pid":0})",
        R"({"name":"a","pid":-4})", R"({"name":"a","pid":4294967297})", R"({"name":"a","pid":"1"})",
        R"({"name":"a","pidfile":"p"})", R"({"name":"a","pid":1,"definition":3})", R"({"name":"a","pid":1,"x":1})"}) {
    const auto request = decode_adopt(body);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().kind, Problem::Kind::bad_request) << body;
  }
}

}  // namespace
}  // namespace foster::api
