#include "config/address.hpp"

#include <gtest/gtest.h>

namespace foster::config {
namespace {

std::string message_of(const auto& parsed) {
  return parsed ? "(accepted)" : parsed.error().message;
}

TEST(ParseTcpAddress, TakesHostsBracketedIpvSixAndAPortAlone) {
  EXPECT_EQ(parse_tcp_address("127.0.0.1:6390"), (core::ReadyTcp{.host = "127.0.0.1", .port = 6390}));
  EXPECT_EQ(parse_tcp_address("localhost:80"), (core::ReadyTcp{.host = "localhost", .port = 80}));
  EXPECT_EQ(parse_tcp_address("[::1]:80"), (core::ReadyTcp{.host = "::1", .port = 80}));
  EXPECT_EQ(parse_tcp_address("6390"), (core::ReadyTcp{.host = "127.0.0.1", .port = 6390}));
}

TEST(ParseTcpAddress, RefusesWhatIsNone) {
  EXPECT_EQ(message_of(parse_tcp_address("localhost")), "\"localhost\" has no port");
  EXPECT_EQ(message_of(parse_tcp_address("[::1]")), "\"[::1]\" has no port");
  EXPECT_EQ(message_of(parse_tcp_address("::1:80")), "\"::1:80\" is no TCP address");
  EXPECT_EQ(message_of(parse_tcp_address(":80")), "\":80\" is no TCP address");
  EXPECT_EQ(message_of(parse_tcp_address("")), "\"\" is no TCP address");
  EXPECT_EQ(message_of(parse_tcp_address("a b:80")), "\"a b:80\" is no TCP address");
  EXPECT_EQ(message_of(parse_tcp_address("[::1")), "\"[::1\" is no TCP address");
  EXPECT_EQ(message_of(parse_tcp_address("[::1]80")), "\"[::1]80\" is no TCP address");
  EXPECT_EQ(message_of(parse_tcp_address("[host]:80")), "\"[host]:80\" is no TCP address");
  EXPECT_EQ(message_of(parse_tcp_address("host:0")), "\"0\" is no port number");
  EXPECT_EQ(message_of(parse_tcp_address("host:65536")), "\"65536\" is no port number");
  EXPECT_EQ(message_of(parse_tcp_address("host:http")), "\"http\" is no port number");
  EXPECT_EQ(message_of(parse_tcp_address("70000")), "\"70000\" has no port");
}

TEST(FormatTcpAddress, IsReadBackExactly) {
  for (const char* text : {"127.0.0.1:6390", "[::1]:80", "[fe80::1%eth0]:443", "redis.local:6379"}) {
    EXPECT_EQ(format_tcp_address(*parse_tcp_address(text)), text);
  }
}

TEST(ParseHttpUrl, FillsInThePortAndTheTarget) {
  EXPECT_EQ(parse_http_url("http://host"), (core::ReadyHttp{.host = "host", .port = 80, .target = "/"}));
  EXPECT_EQ(parse_http_url("http://host:8080/health?full=1"),
            (core::ReadyHttp{.host = "host", .port = 8080, .target = "/health?full=1"}));
  EXPECT_EQ(parse_http_url("http://[::1]:81/"), (core::ReadyHttp{.host = "::1", .port = 81, .target = "/"}));
  EXPECT_EQ(parse_http_url("http://host?q"), (core::ReadyHttp{.host = "host", .port = 80, .target = "/?q"}));
}

TEST(ParseHttpUrl, RefusesHttpsInClearWords) {
  const auto parsed = parse_http_url("https://host/");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "https is not supported here");
  EXPECT_EQ(parsed.error().hint, "probe a plain http port, or use ready.exec with a client such as curl");
}

TEST(ParseHttpUrl, RefusesWhatIsNone) {
  EXPECT_EQ(message_of(parse_http_url("host:80/x")), "\"host:80/x\" is no http URL");
  EXPECT_EQ(message_of(parse_http_url("http://")), "\"http://\" names no host");
  EXPECT_EQ(message_of(parse_http_url("http://user@host/")), "\"http://user@host/\" names no host");
  EXPECT_EQ(message_of(parse_http_url("http://host:x/")), "\"x\" is no port number");
  EXPECT_EQ(message_of(parse_http_url("http://host/a b")), "\"http://host/a b\" holds what a URL cannot");
  EXPECT_EQ(message_of(parse_http_url("http://host/\r\nX: y")), "\"http://host/\r\nX: y\" holds what a URL cannot");
  EXPECT_EQ(message_of(parse_http_url("http://host/#a")), "\"http://host/#a\" holds what a URL cannot");
}

TEST(FormatHttpUrl, IsReadBackExactly) {
  for (const char* text : {"http://host/", "http://host:8080/health?x=1", "http://[::1]:81/a"}) {
    EXPECT_EQ(format_http_url(*parse_http_url(text)), text);
  }
}

}  // namespace
}  // namespace foster::config
