#include "compat/plain_xml.hpp"

#include <gtest/gtest.h>

#include <string>

namespace foster::compat {
namespace {

/// All of it in one line: "<a" "text" ">" "." for its end, "?" for what is not known.
std::string tokens_of(std::string_view document) {
  PlainXml xml(document);
  std::string all;
  for (;;) {
    const auto token = xml.next();
    switch (token.kind) {
      case PlainXml::Kind::start:
        all += "<" + std::string(token.text);
        break;
      case PlainXml::Kind::text:
        all += "'" + std::string(token.text) + "'";
        break;
      case PlainXml::Kind::end:
        all += ">";
        break;
      case PlainXml::Kind::done:
        return all + ".";
      case PlainXml::Kind::unknown:
        return all + "?";
    }
  }
}

TEST(PlainXml, ElementsAndTextsComeInOrder) {
  EXPECT_EQ(tokens_of("<a>x<b>y</b><c/>\tz\n</a>"), "<a'x'<b'y'><c>'\tz\n'>.");
  EXPECT_EQ(tokens_of("<a>1&lt;2 &amp;&quot;</a>"), "<a'1''<''2 ''&''\"'>.");
  EXPECT_EQ(tokens_of("<dateTime.iso8601/>"), "<dateTime.iso8601>.");
  EXPECT_EQ(tokens_of("<a>longer than eight bytes\nin two lines &lt; so</a>"),
            "<a'longer than eight bytes\nin two lines ''<'' so'>.");
}

TEST(PlainXml, BlanksAroundTheRootAreNothing) {
  EXPECT_EQ(tokens_of("<?xml version='1.0'?>\n<a></a>\n"), "<a>.");
  EXPECT_EQ(tokens_of("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a></a>"), "<a>.");
  EXPECT_EQ(tokens_of(" \t<a></a> "), "<a>.");
}

TEST(PlainXml, WhatIsNotWellFormedIsNotKnown) {
  for (const std::string_view document : {"",
                                          " ",
                                          "a",
                                          "<",
                                          "<a",
                                          "<>",
                                          "</>",
                                          "<a/",
                                          "</a>",
                                          "<//a>",
                                          "<a//>",
                                          "</a/>",
                                          "<1/>",
                                          "<a b></a b>",
                                          "<a>&</a>",
                                          "<a>&nothing;</a>",
                                          "<a/>b",
                                          "b<a/>",
                                          "<a/><b/>",
                                          "<?xml version='1.0'?>",
                                          " <?xml version='1.0'?><a/>"}) {
    EXPECT_TRUE(tokens_of(document).ends_with('?')) << document;
  }
  EXPECT_EQ(tokens_of("<a><b></a></b>"), "<a<b?");
  EXPECT_EQ(tokens_of("<a>"), "<a?");
}

TEST(PlainXml, WhatNeedsARealParserIsNotKnown) {
  EXPECT_EQ(tokens_of("<a b='c'/>"), "?");
  EXPECT_EQ(tokens_of("<!DOCTYPE a><a/>"), "?");
  EXPECT_EQ(tokens_of("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), "?");
  EXPECT_EQ(tokens_of("<?xml version='1.1'?><a/>"), "?");
  EXPECT_EQ(tokens_of("<a><!-- --></a>"), "<a?");
  EXPECT_EQ(tokens_of("<a><?b?></a>"), "<a?");
  EXPECT_EQ(tokens_of("<a><![CDATA[b]]></a>"), "<a?");
  EXPECT_EQ(tokens_of("<a>&#65;</a>"), "<a?");
  EXPECT_EQ(tokens_of("<a>b\r\n</a>"), "<a'b'?");
  EXPECT_EQ(tokens_of("<a>b]]>c</a>"), "<a'b]]'?");
  EXPECT_EQ(tokens_of("<a>\xc3\xa9</a>"), "<a?");
  EXPECT_EQ(tokens_of("<a>\x01</a>"), "<a?");
  EXPECT_EQ(tokens_of(std::string_view("<a>\0</a>", 8)), "<a?");
}

}  // namespace
}  // namespace foster::compat
