#include "compat/web_form.hpp"

#include <gtest/gtest.h>

namespace foster::compat {
namespace {

TEST(WebForm, ValuesAreDecoded) {
  const WebForm form("action=start&processname=web%3A0&message=a+b%26c&bare&x=%zz&=y&action=stop");
  EXPECT_EQ(form.value("action"), "start");
  EXPECT_EQ(form.value("processname"), "web:0");
  EXPECT_EQ(form.value("message"), "a b&c");
  EXPECT_EQ(form.value("bare"), "");
  EXPECT_EQ(form.value("x"), "%zz");
  EXPECT_EQ(form.value("nothing"), "");
  EXPECT_EQ(WebForm("").value(""), "");
}

TEST(WebForm, WhatIsEncodedIsDecoded) {
  const std::string text = "a:b/ü &=%\r\n";
  EXPECT_EQ(url_decoded(url_encoded(text)), text);
  EXPECT_EQ(url_encoded("web:0 x"), "web%3A0%20x");
  EXPECT_EQ(url_decoded("a+b"), "a+b");
}

TEST(WebSender, ScriptsAskForThemselves) {
  EXPECT_FALSE(is_from_elsewhere({.host = "h:1", .user_agent = "curl/8"}));
  EXPECT_FALSE(is_from_elsewhere({}));
}

TEST(WebSender, APageOfOursMayAsk) {
  EXPECT_FALSE(is_from_elsewhere({.host = "h:1", .origin = "http://h:1", .user_agent = "Mozilla/5.0"}));
  EXPECT_FALSE(is_from_elsewhere({.host = "h:1", .referer = "http://h:1/index.html", .user_agent = "Mozilla/5.0"}));
  EXPECT_FALSE(is_from_elsewhere({.host = "h:1", .fetch_site = "none", .user_agent = "Mozilla/5.0"}));
  EXPECT_FALSE(is_from_elsewhere(
      {.host = "h:1", .origin = "http://h:1", .fetch_site = "same-origin", .user_agent = "Mozilla/5.0"}));
}

TEST(WebSender, APageOfAnotherSiteMayNot) {
  EXPECT_TRUE(is_from_elsewhere({.host = "h:1", .origin = "http://evil", .user_agent = "Mozilla/5.0"}));
  EXPECT_TRUE(is_from_elsewhere({.host = "h:1", .origin = "null", .user_agent = "Mozilla/5.0"}));
  EXPECT_TRUE(is_from_elsewhere({.host = "h:1", .origin = "http://h:2", .user_agent = "Mozilla/5.0"}));
  EXPECT_TRUE(is_from_elsewhere({.host = "h:1", .referer = "http://evil/h:1", .user_agent = "Mozilla/5.0"}));
  EXPECT_TRUE(is_from_elsewhere({.host = "h:1", .fetch_site = "cross-site", .user_agent = "Mozilla/5.0"}));
  // A picture whose page hides where it is from.
  EXPECT_TRUE(is_from_elsewhere({.host = "h:1", .user_agent = "Mozilla/5.0"}));
}

}  // namespace
}  // namespace foster::compat
