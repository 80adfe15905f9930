#include "logs/system_log_lines.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <regex>
#include <vector>

#include "support/temporary_directory.hpp"

namespace foster::logs {
namespace {

class SystemLogTest : public ::testing::Test {
 protected:
  void listen() {
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    (void)::unlink(path_.c_str());
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  std::vector<std::string> heard() {
    std::vector<std::string> messages;
    std::array<char, 20'000> buffer;
    for (;;) {
      const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (got < 0) return messages;
      messages.emplace_back(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  static std::string text_of(const std::string& message) {
    const auto at = message.find("supervisord: ");
    return at == std::string::npos ? "" : message.substr(at);
  }

  testing::TemporaryDirectory directory_;
  std::string path_ = directory_.path("log");
  UniqueFd socket_;
  SystemLogLines lines_{std::make_shared<sys::SystemLog>("supervisord", path_), "web"};
};

TEST_F(SystemLogTest, EachLineIsAMessageAsSyslogWritesIt) {
  listen();
  lines_.add("one\ntwo\n\nthr");
  lines_.add("ee\n");
  const auto messages = heard();
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_TRUE(
      std::regex_match(messages[0], std::regex("<14>[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]{8} supervisord: web one")))
      << messages[0];
  EXPECT_EQ(text_of(messages[2]), "supervisord: web ");
  EXPECT_EQ(text_of(messages[3]), "supervisord: web three");
}

TEST_F(SystemLogTest, TheLastLineNeedsNoEnd) {
  listen();
  lines_.add("unfinished");
  EXPECT_TRUE(heard().empty());
  lines_.finish();
  lines_.finish();
  const auto messages = heard();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(text_of(messages[0]), "supervisord: web unfinished");
}

TEST_F(SystemLogTest, ALongLineIsSentInParts) {
  listen();
  const std::string line(20'000, 'x');
  lines_.add(line + "\n");
  std::string all;
  for (const std::string& message : heard()) all += text_of(message).substr(std::strlen("supervisord: web "));
  EXPECT_EQ(all, line);
}

TEST_F(SystemLogTest, NobodyWhoListensOrReadsIsWaitedFor) {
  lines_.add("lost\n");
  listen();
  for (unsigned n = 0; n < 10'000; ++n) lines_.add("many\n");
  EXPECT_LT(heard().size(), 10'000U);
}

TEST_F(SystemLogTest, ALogThatWasStartedAgainIsFound) {
  listen();
  lines_.add("one\n");
  listen();
  lines_.add("two\n");
  const auto messages = heard();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(text_of(messages[0]), "supervisord: web two");
}

}  // namespace
}  // namespace foster::logs
