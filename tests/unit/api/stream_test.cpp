// Server-sent events and log streams, over the server.
#include "unit/api/server_fixture.hpp"

namespace foster::api {
namespace {

using StreamTest = ServerTest;

TEST_F(StreamTest, EventsGoLiveFromNowOn) {
  serve();
  service.events = {event_of(1, "old")};
  const UniqueFd client = connect();
  send(client, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string text = receive_until(client, "retry: 1000\n\n");
  EXPECT_NE(text.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  service.happen(event_of(2, "web"));
  text += receive_until(client, "\n\n");
  EXPECT_NE(text.find("id: 2\nevent: state\ndata: {\"id\":2,"), std::string::npos) << text;
  EXPECT_EQ(text.find("old"), std::string::npos);
}

TEST_F(StreamTest, EventsAreReplayedFromTheLastOneSeen) {
  serve();
  service.events = {event_of(1, "a"), event_of(2, "b"), event_of(3, "c")};
  const UniqueFd client = connect();
  send(client, "GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1\r\n\r\n");
  const std::string text = receive_until(client, "\"name\":\"c\"");
  EXPECT_EQ(text.find("id: 1\n"), std::string::npos);
  EXPECT_LT(text.find("id: 2\n"), text.find("id: 3\n"));
}

TEST_F(StreamTest, ABadLastEventIdIsRefused) {
  serve();
  EXPECT_TRUE(ask("GET", "/v1/events", "", "Last-Event-ID: x\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(StreamTest, AFollowerThatLeavesIsForgottenAtOnce) {
  serve();
  UniqueFd client = connect();
  send(client, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  receive_until(client, "retry");
  EXPECT_EQ(service.open_cursors, 1U);
  client.reset();
  EXPECT_TRUE(turn_until([&] { return service.open_cursors == 0 && server->connections() == 0; }));
}

TEST_F(StreamTest, CursorsAreDroppedBeforeTheServerIsGone) {
  serve();
  const UniqueFd client = connect();
  send(client, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  receive_until(client, "retry");
  server.reset();
  EXPECT_EQ(service.open_cursors, 0U);
}

TEST_F(StreamTest, ALogIsItsExactBytesInChunksThatSayWhereTheyEnd) {
  serve();
  const std::string bytes("one\n\0\xff two", 10);
  service.logs["web:0"] = bytes;
  const std::string answer = ask("GET", "/v1/services/web%3A0/log");
  EXPECT_NE(answer.find("Content-Type: application/octet-stream\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("a;name=\"web:0\";position=\"10\"\r\n" + bytes + "\r\n0\r\n\r\n")) << answer;
}

TEST_F(StreamTest, AnOldClientGetsTheLogUntilTheEndOfTheConnection) {
  serve();
  service.logs["web"] = "one\n";
  const UniqueFd client = connect();
  send(client, "GET /v1/services/web/log HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(receive_all(client).ends_with("\r\n\r\none\n"));
}

TEST_F(StreamTest, ALogCanBeginWithItsLastLines) {
  serve();
  service.logs["web"] = "one\ntwo\nthree\n";
  EXPECT_NE(ask("GET", "/v1/services/web/log?lines=2").find("\r\ntwo\nthree\n\r\n0"), std::string::npos);
  EXPECT_TRUE(ask("GET", "/v1/services/web/log?lines=-1").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET", "/v1/services/nope/log").starts_with("HTTP/1.1 404 "));
}

TEST_F(StreamTest, AFollowedLogGoesOn) {
  serve();
  service.logs["web"] = "one\n";
  const UniqueFd client = connect();
  send(client, "GET /v1/services/web/log?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  receive_until(client, "one\n");
  service.write("web", "two\n");
  EXPECT_NE(receive_until(client, "two\n").find("4;name=\"web\";position=\"8\""), std::string::npos);
}

TEST_F(StreamTest, ALogIsResumedInTheMiddleOfAPiece) {
  serve();
  service.logs["web"] = "0123456789";
  EXPECT_NE(ask("GET", "/v1/services/web/log?resume=4~3").find("\r\n789\r\n0"), std::string::npos);
}

TEST_F(StreamTest, ALogAsEventsHasALineEachAndItsPosition) {
  serve();
  service.logs["web"] = "one\ntwo\npart";
  const UniqueFd client = connect();
  send(client, "GET /v1/services/web/log?follow=1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
  std::string text = receive_until(client, "\"text\":\"two\"}\n\n");
  EXPECT_NE(text.find("id: 0~4\nevent: line\ndata: {\"name\":\"web\",\"text\":\"one\"}\n\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("id: 0~8\n"), std::string::npos);
  EXPECT_EQ(text.find("part"), std::string::npos);
  service.write("web", "ial\n");
  text = receive_until(client, "partial");
  EXPECT_NE(text.find("id: 12~4\n"), std::string::npos) << text;
}

TEST_F(StreamTest, TheLastLineWithoutANewlineIsAnEventWhenNothingWillFollow) {
  serve();
  service.logs["web"] = "part";
  EXPECT_NE(ask("GET", "/v1/services/web/log", "", "Accept: text/event-stream\r\n").find("\"text\":\"part\""),
            std::string::npos);
}

TEST_F(StreamTest, ALineWithoutEndIsCutSoThatItFillsNobodysMemory) {
  serve();
  service.logs["web"] = std::string(300'000, 'x') + "\n";
  const std::string text = ask("GET", "/v1/services/web/log", "", "Accept: text/event-stream\r\n");
  std::size_t events = 0;
  for (auto at = text.find("event: line"); at != std::string::npos; at = text.find("event: line", at + 1)) ++events;
  EXPECT_GE(events, 4U);
  EXPECT_LE(events, 6U);
}

TEST_F(StreamTest, SeveralLogsShareAConnectionAndNewOnesJoin) {
  serve();
  service.rows = {row_of("web:0"), row_of("web:1"), row_of("db")};
  service.logs = {{"web:0", "a\n"}, {"web:1", "b\n"}, {"db", "c\n"}};
  const UniqueFd client = connect();
  send(client, "GET /v1/logs?name=web%2A&follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string text = receive_until(client, "b\n");
  EXPECT_NE(text.find(";name=\"web:0\";position=\"2\"\r\na\n"), std::string::npos) << text;
  service.rows.push_back(row_of("web:2"));
  service.logs["web:2"] = "newcomer\n";
  service.happen(event_of(9, "web:2"));
  text += receive_until(client, "newcomer");
  service.write("web:1", "more\n");
  text += receive_until(client, "more");
  EXPECT_EQ(text.find(";name=\"db\""), std::string::npos);
}

TEST_F(StreamTest, SeveralLogsAreResumedEachWhereItWas) {
  serve();
  service.rows = {row_of("a"), row_of("b")};
  service.logs = {{"a", "0123"}, {"b", "4567"}};
  const std::string text = ask("GET", "/v1/logs?resume=a%3D2&resume=b%3D1~1");
  EXPECT_NE(text.find("\r\n23\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\r\n67\r\n"), std::string::npos) << text;
}

TEST_F(StreamTest, StderrThatIsKeptApartIsALogOfItsOwn) {
  serve();
  service.logs = {{"web", "out\n"}, {"web/stderr", "err\n"}};
  service.rows = {row_of("web")};
  service.rows[0].stderr_log = "/var/log/web.err";
  EXPECT_TRUE(ask("GET", "/v1/services/web/log?stream=stderr")
                  .ends_with(";name=\"web/stderr\";position=\"4\"\r\nerr\n\r\n0\r\n\r\n"));
  EXPECT_TRUE(ask("GET", "/v1/services/web/log?stream=both").starts_with("HTTP/1.1 400 "));
  const std::string both = ask("GET", "/v1/logs?name=web");
  EXPECT_NE(both.find("name=\"web\";"), std::string::npos);
  EXPECT_NE(both.find("name=\"web/stderr\";"), std::string::npos);
  const std::string one = ask("GET", "/v1/logs?name=web/stderr");
  EXPECT_EQ(one.find("name=\"web\";"), std::string::npos);
  EXPECT_NE(one.find("\r\nerr\n"), std::string::npos);
}

TEST_F(StreamTest, StderrThatIsNotKeptApartCannotBeAskedFor) {
  serve();
  service.logs = {{"web", "out\n"}};
  service.rows = {row_of("web")};
  EXPECT_TRUE(ask("GET", "/v1/logs?name=web/stderr").starts_with("HTTP/1.1 500 "));
}

TEST_F(StreamTest, ALogThatCannotBeReadHidesNoOther) {
  serve();
  service.logs = {{"readable", "hello\n"}};
  service.rows = {row_of("terminal"), row_of("readable")};
  EXPECT_NE(ask("GET", "/v1/logs").find("\r\nhello\n"), std::string::npos);
  EXPECT_TRUE(ask("GET", "/v1/logs?name=terminal").starts_with("HTTP/1.1 404 "));
}

TEST_F(StreamTest, LogsOfNothingAreEmpty) {
  serve();
  EXPECT_TRUE(ask("GET", "/v1/logs").ends_with("\r\n\r\n0\r\n\r\n"));
  EXPECT_TRUE(ask("GET", "/v1/logs?name=nope").starts_with("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace foster::api
