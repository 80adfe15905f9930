#include "cli/client.hpp"

#include <poll.h>

#include <sys/socket.h>

#include "cli/event_feed.hpp"
#include "cli/launch.hpp"
#include "cli/log_follower.hpp"
#include "cli/replies.hpp"
#include "unit/cli/fake_foster.hpp"

namespace foster::cli {
namespace {

using ClientTest = CliTest;

sys::Directories shop() {
  return *sys::directories_for("shop", ::geteuid());
}

TEST_F(ClientTest, AnAbsentFosterIsNoticedAtOnce) {
  const auto reply = Client(shop()).get("/v1/info");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ENOENT);
}

TEST_F(ClientTest, ASocketThatNobodyListensOnIsGivenUpSoon) {
  const auto runtime = sys::prepare_directory(shop().runtime);
  ASSERT_TRUE(runtime);
  {
    const auto abandoned = sys::listen_unix(*runtime, sys::kControlSocket);
  }
  const auto reply = Client(shop()).get("/v1/info");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ECONNREFUSED);
}

TEST_F(ClientTest, WaitsForASupervisorThatIsBeingReplaced) {
  api::FakeService service;
  const auto runtime = sys::prepare_directory(shop().runtime);
  testing::write_file(shop().lock(), "");  // held, by whoever is about to write it
  std::optional<FakeFoster> foster;
  std::thread later([&] {
    (void)::poll(nullptr, 0, 50);
    foster.emplace("shop", service);
  });
  EXPECT_TRUE(Client(shop()).get("/v1/info"));
  later.join();
}

TEST(Exchange, AnswersInPiecesAreTakenAsTheyCome) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd server(ends[1]);
  auto exchange = Exchange::begin(UniqueFd(ends[0]), {.target = "/v1/logs"});
  ASSERT_TRUE(exchange);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=\"web:0\";position=\"1:5\"\r\nhello\r\n3;name=\"db\"\r\nabc\r\n0\r\n\r\n";
  std::string got;
  auto state = Exchange::State::going;
  for (const char c : answer) {
    ASSERT_EQ(::write(server.get(), &c, 1), 1);
    state = exchange->pump([&](const Piece& piece) {
      got += std::string(piece.name) + "=" + std::string(piece.bytes) + "@" + std::string(piece.position) + ";";
    });
    ASSERT_NE(state, Exchange::State::lost);
  }
  EXPECT_EQ(state, Exchange::State::done);
  EXPECT_EQ(exchange->status(), 200U);
  EXPECT_EQ(got, "web:0=h@;web:0=e@;web:0=l@;web:0=l@;web:0=o@1:5;db=a@;db=b@;db=c@;");
}

TEST(Exchange, ALostConnectionIsNoWholeAnswer) {
  for (const char* part : {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "garbage\r\n\r\n"}) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    UniqueFd server(ends[1]);
    auto exchange = Exchange::begin(UniqueFd(ends[0]), {.target = "/"});
    char request[512];
    ASSERT_GT(::read(server.get(), request, sizeof request), 0);
    ASSERT_GE(::write(server.get(), part, std::strlen(part)), 0);
    server.reset();
    EXPECT_EQ(exchange->finish([](const Piece&) {}), Exchange::State::lost) << part;
  }
}

TEST_F(ClientTest, AFollowedLogGoesOnWhereItWasWhenTheSupervisorIsReplaced) {
  api::FakeService service;
  service.rows = {api::row_of("web")};
  service.logs = {{"web", "one\ntwo\n"}};
  std::string got;
  const LogFollower::Sink sink = [&](std::string_view, std::string_view bytes) { got += bytes; };
  const Client client(shop());
  LogFollower follower(client, {.names = {"web"}, .lines = 1, .follow = true});
  {
    const FakeFoster foster("shop", service);
    ASSERT_TRUE(follower.begin());
    EXPECT_EQ(follower.finish(sink, [&] { return got.size() >= 4; }), LogFollower::State::going);
  }
  EXPECT_EQ(got, "two\n");
  service.logs["web"] += "three\n";
  const FakeFoster foster("shop", service);
  EXPECT_EQ(follower.finish(sink, [&] { return got.size() >= 10; }), LogFollower::State::going);
  EXPECT_EQ(got, "two\nthree\n");
}

TEST(EventFeed, EventsAreWholeHoweverTheyAreCut) {
  const std::string text =
      "retry: 1000\n\nid: 4\nevent: state\ndata: {\"a\":\ndata: 1}\n\nid: 5\nevent: line\ndata: x\n\n";
  for (std::size_t size = 1; size < text.size(); ++size) {
    EventFeed feed;
    std::string got;
    for (std::size_t at = 0; at < text.size(); at += size) {
      feed.take(std::string_view(text).substr(at, size),
                [&](const FeedEvent& event) { got += event.id + event.kind + event.data + ";"; });
    }
    EXPECT_EQ(got, "4state{\"a\":\n1};5linex;") << size;
  }
}

TEST(Replies, ComeBackFromWhatTheServerWrites) {
  api::InstanceRow row = api::row_of("web:1", core::State::backoff);
  row.view.exit = Killed{*Signal::from_number(SIGSEGV)};
  row.view.deadline = row.view.since + std::chrono::seconds(2);
  row.cpu = std::chrono::milliseconds(250);
  const auto rows = read_rows(api::encode(std::vector{row}));
  ASSERT_TRUE(rows && rows->size() == 1);
  const Row& read = rows->front();
  EXPECT_EQ(read.name, "web:1");
  EXPECT_EQ(read.state, core::State::backoff);
  EXPECT_FALSE(read.pid);
  EXPECT_EQ(read.since, row.since);
  EXPECT_EQ(*read.next - read.since, std::chrono::seconds(2));
  EXPECT_EQ(*read.exit, ExitStatus(Killed{*Signal::from_number(SIGSEGV)}));
  EXPECT_EQ(read.cpu, 0.25);
  const auto events = read_history(api::encode(std::vector{api::event_of(3, "web")}));
  ASSERT_TRUE(events && events->size() == 1);
  EXPECT_EQ(events->front().id, 3U);
  EXPECT_EQ(*events->front().exit, ExitStatus(Exited{3}));
  for (const char* text : {"", "[]", "null", "{}", "{\"services\":", "{\"services\":3"})
    EXPECT_FALSE(read_rows(text)) << text;
  EXPECT_TRUE(read_rows("{\"services\":[1,null,{\"name\":7}]}"));
}

}  // namespace
}  // namespace foster::cli
