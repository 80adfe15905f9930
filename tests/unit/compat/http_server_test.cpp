#include "compat/http_server.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "support/temporary_directory.hpp"
#include "sys/unix_socket.hpp"

namespace foster::compat {
namespace {

/// One without processes, which is asked for its page alone.
class Idler final : public Daemon {
 public:
  [[nodiscard]] std::string identification() const override { return name; }
  [[nodiscard]] int pid() const override { return 1; }
  [[nodiscard]] Mood mood() const override { return Mood::running; }
  [[nodiscard]] std::int64_t now() const override { return 0; }
  [[nodiscard]] bool has_supervisor_methods() const override { return true; }
  [[nodiscard]] std::vector<std::string> groups() const override { return {}; }
  [[nodiscard]] std::vector<Process> processes() const override { return {}; }
  [[nodiscard]] std::vector<ProcessConfig> configs() const override { return {}; }
  [[nodiscard]] Outcome<> check_command(const Process& /*process*/) const override { return {}; }
  void start(const Process& /*process*/, Wait /*wait*/, Done done) override { done({}); }
  void stop(const Process& /*process*/, Wait /*wait*/, Done done) override { done({}); }
  [[nodiscard]] Outcome<> signal(const Process& /*process*/, Signal /*signal*/) override { return {}; }
  [[nodiscard]] Outcome<> write_stdin(const Process& /*process*/, const std::string& /*text*/) override { return {}; }
  void bring_logs_up_to_date(const Process& /*process*/) override {}
  [[nodiscard]] Outcome<> clear_logs(const Process& /*process*/) override { return {}; }
  [[nodiscard]] Outcome<ConfigChanges> reread() override { return ConfigChanges{}; }
  [[nodiscard]] Outcome<> add_group(const std::string& /*name*/) override { return {}; }
  [[nodiscard]] Outcome<> remove_group(const std::string& /*name*/) override { return {}; }
  [[nodiscard]] std::string main_log() const override { return {}; }
  [[nodiscard]] Outcome<> clear_main_log() override { return {}; }
  void trace(const std::string& /*text*/) override {}
  void send_event(const std::string& /*type*/, const std::string& /*data*/) override {}
  void shut_down() override {}
  void restart() override {}

  std::string name = "idler";
};

/// A door, and clients that come to it.
class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() : door(sys::listen_unix(directory.fd(), "door").value()) { open(); }

  void open() { server.emplace(loop, UniqueFd(::fcntl(door.get(), F_DUPFD_CLOEXEC, 0)), daemon); }

  [[nodiscard]] UniqueFd come() {
    UniqueFd client = sys::connect_unix(directory.fd(), "door").value();
    (void)::fcntl(client.get(), F_SETFL, O_NONBLOCK);
    return client;
  }
  static void ask(BorrowedFd client) {
    constexpr std::string_view kRequest = "GET /ok.html HTTP/1.1\r\n\r\n";
    EXPECT_EQ(::send(client.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(kRequest.size()));
  }
  /// Everything that is due.
  void settle() {
    loop.restart();
    while (loop.poll() != 0) {
    }
  }
  /// What it is told, from now on; "end" when that is all.
  static std::string heard(BorrowedFd client) {
    std::string text(10'000, '\0');
    const ssize_t size = ::recv(client.get(), text.data(), text.size(), 0);
    if (size == 0) return "end";
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text.substr(0, text.find('\r'));
  }

  testing::TemporaryDirectory directory;
  boost::asio::io_context loop{1};
  Idler daemon;
  UniqueFd door;
  std::optional<HttpServer> server;
};

TEST_F(HttpServerTest, WhoWasAcceptedIsAnsweredBeforeADrainIsDone) {
  const UniqueFd silent = come();
  const UniqueFd served = come();
  ask(served);
  settle();
  EXPECT_EQ(heard(served), "HTTP/1.1 200 OK");
  bool is_done = false;
  server->drain([&] { is_done = true; });
  settle();
  EXPECT_EQ(heard(served), "end") << "it has its answer";
  EXPECT_FALSE(is_done);
  ask(silent);
  settle();
  EXPECT_EQ(heard(silent), "HTTP/1.1 200 OK");
  EXPECT_EQ(heard(silent), "end");
  EXPECT_TRUE(is_done);
}

TEST_F(HttpServerTest, WhoComesDuringADrainIsAnsweredByTheNextOne) {
  settle();
  bool is_done = false;
  server->drain([&] { is_done = true; });
  EXPECT_TRUE(is_done) << "nobody was there";
  const UniqueFd late = come();
  ask(late);
  settle();
  EXPECT_EQ(heard(late), "");
  open();
  settle();
  EXPECT_EQ(heard(late), "HTTP/1.1 200 OK");
}

TEST_F(HttpServerTest, AnAnswerThatTheSocketDoesNotHoldComesWhole) {
  daemon.name.clear();
  while (daemon.name.size() < 2'000'000) daemon.name += std::to_string(daemon.name.size()) + " ";
  const UniqueFd client = come();
  constexpr std::string_view kCall = "<methodCall><methodName>supervisor.getIdentification</methodName></methodCall>";
  const std::string request =
      "POST /RPC2 HTTP/1.1\r\nContent-Length: " + std::to_string(kCall.size()) + "\r\n\r\n" + std::string(kCall);
  ASSERT_EQ(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string answer;
  int pieces = 0;
  for (ssize_t size = 1; size > 0; ++pieces) {
    settle();
    std::string piece(100'000, '\0');
    size = ::recv(client.get(), piece.data(), piece.size(), 0);
    if (size > 0) answer.append(piece, 0, static_cast<std::size_t>(size));
  }
  EXPECT_GT(pieces, 3);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("</methodResponse>\n"));
  EXPECT_NE(answer.find("<string>" + daemon.name + "</string>"), std::string::npos);
}

}  // namespace
}  // namespace foster::compat
