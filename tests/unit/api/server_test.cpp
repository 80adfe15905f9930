#include "api/server.hpp"

#include "unit/api/server_fixture.hpp"

namespace foster::api {
namespace {

using namespace std::chrono_literals;

// Limits short enough for a test to wait for.
ServerLimits hasty() {
  return {.header_time = 50ms, .body_time = 50ms, .idle_time = 50ms, .write_time = 50ms, .drain_time = 50ms};
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST_F(ServerTest, AnswersOverOneConnectionAgainAndAgain) {
  serve();
  const UniqueFd client = connect();
  for (int round = 0; round < 3; ++round) {
    send(client, "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = receive_until(client, "\"hangs\":0}");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos);
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  serve();
  service.rows = {row_of("web")};
  const UniqueFd client = connect();
  send(client,
       "GET /v1/services HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = receive_all(client);
  const auto first = answer.find("\"services\"");
  EXPECT_NE(first, std::string::npos);
  EXPECT_GT(answer.find("\"reaper\""), first);
}

TEST_F(ServerTest, AnswersHeadWithTheHeaderAlone) {
  serve();
  const std::string answer = ask("HEAD", "/v1/info");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(ServerTest, TellsUnknownPathsFromWrongMethodsAndUnknownParameters) {
  serve();
  EXPECT_TRUE(ask("GET", "/v2/info").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(ask("GET", "/").starts_with("HTTP/1.1 404 "));
  const std::string wrong_method = ask("GET", "/v1/apply");
  EXPECT_TRUE(wrong_method.starts_with("HTTP/1.1 405 "));
  EXPECT_NE(wrong_method.find("Allow: POST\r\n"), std::string::npos);
  EXPECT_TRUE(ask("GET", "/v1/services?nmae=x").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET", "/v1/services?name=%zz").starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, PassesRequestsOnWithWhoAsked) {
  serve();
  service.rows = {row_of("web:0"), row_of("web:1"), row_of("db")};
  const std::string answer = ask("POST", "/v1/services/restart", R"({"names":["web"],"wait":false})");
  EXPECT_EQ(service.asked, std::vector<std::string>{"restart web no-wait"});
  EXPECT_EQ(service.actor.uid, ::geteuid());
  EXPECT_EQ(service.actor.pid, ::getpid());
  EXPECT_EQ(body_of(answer), R"({"outcomes":[{"name":"web:0","ok":true,"state":"running","why":null},)"
                             R"({"name":"web:1","ok":true,"state":"running","why":null}],"ok":true})");
}

TEST_F(ServerTest, AProblemBecomesItsStatusAndAnErrorObject) {
  serve();
  EXPECT_TRUE(ask("POST", "/v1/services/stop", R"({"names":["nope"]})").starts_with("HTTP/1.1 404 "));
  service.refuse_with = Problem{Problem::Kind::bad_config,
                                "foster.toml is not valid",
                                {{.file = "foster.toml",
                                  .line = 2,
                                  .column = 1,
                                  .is_warning = false,
                                  .message = "no",
                                  .hint = "",
                                  .source_line = ""}}};
  const std::string answer = ask("POST", "/v1/apply", R"({"config":"/srv/foster.toml"})");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 422 "));
  EXPECT_NE(answer.find(R"("kind":"bad-config")"), std::string::npos);
  EXPECT_NE(answer.find(R"("line":2)"), std::string::npos);
}

TEST_F(ServerTest, ALongWaitIsAnsweredWhenItIsDone) {
  serve();
  service.rows = {row_of("web")};
  service.answers_later = true;
  const UniqueFd client = connect();
  send(client, "POST /v1/services/start HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"names\":[\"web\"]}");
  ASSERT_TRUE(turn_until([&] { return service.pending.size() == 1; }));
  service.answer_now();
  EXPECT_NE(receive_until(client, "\"ok\":true}").find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, WhatAClientAskedThatHasGivenUpIsNotDone) {
  {
    // Before anybody is there to read it, as between two supervisors.
    const UniqueFd client = connect();
    send(client, "POST /v1/services/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"names\":[\"web\"]}");
  }
  service.rows = {row_of("web")};
  serve();
  EXPECT_TRUE(ask("GET", "/v1/info").starts_with("HTTP/1.1 200 "));
  EXPECT_THAT(service.asked, ::testing::IsEmpty());
}

TEST_F(ServerTest, AClientThatLeavesDuringALongWaitIsForgottenAndItsAnswerGoesNowhere) {
  serve();
  service.rows = {row_of("web")};
  service.answers_later = true;
  UniqueFd client = connect();
  send(client, "POST /v1/services/start HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"names\":[\"web\"]}");
  ASSERT_TRUE(turn_until([&] { return service.pending.size() == 1; }));
  client.reset();
  EXPECT_TRUE(turn_until([&] { return server->connections() == 0; }));
  service.answer_now();
  EXPECT_TRUE(ask("GET", "/v1/info").starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, AClientThatShutDownOnlyItsSendingSideStillGetsItsAnswer) {
  serve();
  service.rows = {row_of("web")};
  service.answers_later = true;
  const UniqueFd client = connect();
  send(client, "POST /v1/services/start HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"names\":[\"web\"]}");
  ::shutdown(client.get(), SHUT_WR);
  ASSERT_TRUE(turn_until([&] { return service.pending.size() == 1; }));
  service.answer_now();
  EXPECT_NE(receive_until(client, "\"ok\":true}").find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, AnswersThatComeAfterTheServerIsGoneGoNowhere) {
  serve();
  service.rows = {row_of("web")};
  service.answers_later = true;
  const UniqueFd client = connect();
  send(client, "POST /v1/services/start HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"names\":[\"web\"]}");
  ASSERT_TRUE(turn_until([&] { return service.pending.size() == 1; }));
  server.reset();
  service.answer_now();
  loop.restart();
  loop.poll();
}

TEST_F(ServerTest, GarbageIsRefusedAndTheConnectionClosed) {
  serve();
  const UniqueFd client = connect();
  send(client, std::string("\x16\x03\x01\x00\xa5 not http at all\r\n\r\n", 25));
  EXPECT_TRUE(receive_all(client).starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, HalfARequestIsGivenUpAfterItsTime) {
  serve({.limits = hasty(), .peer_of = {}});
  const UniqueFd client = connect();
  send(client, "GET /v1/in");
  EXPECT_TRUE(receive_all(client).starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ServerTest, HalfABodyIsGivenUpAfterItsTime) {
  serve({.limits = hasty(), .peer_of = {}});
  const UniqueFd client = connect();
  send(client, "POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_TRUE(receive_all(client).starts_with("HTTP/1.1 408 "));
}

TEST_F(ServerTest, AnIdleConnectionIsClosedSilently) {
  serve({.limits = hasty(), .peer_of = {}});
  EXPECT_EQ(receive_all(connect()), "");
}

TEST_F(ServerTest, AnOversizedHeaderIsRefused) {
  serve();
  const UniqueFd client = connect();
  std::string text = "GET /v1/info HTTP/1.1\r\nX: " + std::string(100 * 1024, 'a');
  send(client, text);
  EXPECT_TRUE(receive_all(client).starts_with("HTTP/1.1 431 "));
}

TEST_F(ServerTest, AnOversizedBodyIsRefusedBeforeItIsRead) {
  serve();
  const UniqueFd client = connect();
  send(client, "POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
  EXPECT_TRUE(receive_all(client).starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, AnOversizedChunkedBodyIsRefused) {
  serve({.limits = {.body_bytes = 1000}, .peer_of = {}});
  const UniqueFd client = connect();
  send(client,
       "POST /v1/apply HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, ' '));
  EXPECT_TRUE(receive_all(client).starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, ExpectContinueIsAnsweredSoThatClientsNeedNotWait) {
  serve();
  const UniqueFd client = connect();
  send(client, "POST /v1/apply HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n");
  EXPECT_NE(receive_until(client, "\r\n\r\n").find("100 Continue"), std::string::npos);
  send(client, R"({"config":"/a.toml"})");
  EXPECT_NE(receive_until(client, "\"ok\":true}").find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, AClientThatReadsNothingIsDroppedAndHasCostOneBuffer) {
  serve({.limits = hasty(), .peer_of = {}});
  service.logs["web"] = std::string(8 * 1024 * 1024, 'x');
  const UniqueFd client = connect();
  send(client, "GET /v1/services/web/log HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return service.open_cursors == 1; }));
  EXPECT_TRUE(turn_until([&] { return server->connections() == 0; }));
  EXPECT_EQ(service.open_cursors, 0U);
}

TEST_F(ServerTest, AForeignUserIsRefusedWithoutBeingHeard) {
  serve({.limits = {}, .peer_of = [](BorrowedFd) { return Peer{.uid = 12345, .pid = 1}; }});
  if (::geteuid() == 12345) GTEST_SKIP();
  const UniqueFd client = connect();
  EXPECT_TRUE(receive_all(client).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(service.asked.empty());
}

TEST_F(ServerTest, RootIsServedWhoeverWeAre) {
  serve({.limits = {}, .peer_of = [](BorrowedFd) { return Peer{.uid = 0, .pid = 7}; }});
  EXPECT_TRUE(ask("POST", "/v1/shutdown").starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(service.actor.description, "root (pid 7)");
}

TEST_F(ServerTest, APeerWithoutCredentialsIsRefused) {
  serve({.limits = {}, .peer_of = [](BorrowedFd) { return std::optional<Peer>(); }});
  EXPECT_TRUE(receive_all(connect()).starts_with("HTTP/1.1 403 "));
}

TEST_F(ServerTest, AtTheLimitWhoIdledLongestMakesWay) {
  serve({.limits = {.connections = 2}, .peer_of = {}});
  const UniqueFd oldest = connect();
  ASSERT_TRUE(turn_until([&] { return server->connections() == 1; }));
  const UniqueFd other = connect();
  ASSERT_TRUE(turn_until([&] { return server->connections() == 2; }));
  EXPECT_TRUE(ask("GET", "/v1/info").starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(receive_all(oldest), "");
  send(other, "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n");
  receive_until(other, "200 OK");
}

TEST_F(ServerTest, AtTheLimitOfBusyConnectionsANewOneIsTurnedAway) {
  serve({.limits = {.connections = 1}, .peer_of = {}});
  service.logs["web"] = "";
  const UniqueFd follower = connect();
  send(follower, "GET /v1/services/web/log?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  receive_until(follower, "\r\n\r\n");
  EXPECT_TRUE(receive_all(connect()).starts_with("HTTP/1.1 503 "));
}

TEST_F(ServerTest, DrainFinishesAnswersEndsStreamsAndThenTells) {
  serve();
  service.rows = {row_of("web")};
  service.logs["web"] = "";
  service.answers_later = true;
  const UniqueFd idle = connect();
  const UniqueFd follower = connect();
  send(follower, "GET /v1/services/web/log?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  receive_until(follower, "\r\n\r\n");
  const UniqueFd waiting = connect();
  send(waiting, "POST /v1/shutdown HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return service.pending.size() == 1; }));
  service.write("web", "last words\n");
  bool is_done = false;
  server->drain([&] { is_done = true; });
  EXPECT_FALSE(is_done);
  service.answer_now();
  EXPECT_TRUE(turn_until([&] { return is_done; }));
  EXPECT_NE(receive_all(waiting).find("\"ok\":true}"), std::string::npos);
  const std::string stream = receive_all(follower);
  EXPECT_NE(stream.find("last words\n"), std::string::npos);
  EXPECT_TRUE(stream.ends_with("0\r\n\r\n"));
  EXPECT_EQ(receive_all(idle), "");
  server.reset();
}

TEST_F(ServerTest, DrainDoesNotWaitForEverForAnAnswerThatNeverComes) {
  serve({.limits = hasty(), .peer_of = {}});
  service.rows = {row_of("web")};
  service.answers_later = true;
  const UniqueFd client = connect();
  send(client, "POST /v1/services/start HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"names\":[\"web\"]}");
  ASSERT_TRUE(turn_until([&] { return service.pending.size() == 1; }));
  bool is_done = false;
  server->drain([&] { is_done = true; });
  EXPECT_TRUE(turn_until([&] { return is_done; }));
}

TEST_F(ServerTest, NothingIsDueInTheLoopOnceEverybodyHasLeft) {
  serve();
  ask("GET", "/v1/info");
  ASSERT_TRUE(turn_until([&] { return server->connections() == 0; }));
  loop.restart();
  loop.poll();
  EXPECT_EQ(loop.run_one_for(120ms), 0U);
}

}  // namespace
}  // namespace foster::api
