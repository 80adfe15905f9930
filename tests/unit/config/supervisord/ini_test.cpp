#include "config/supervisord/ini.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::config::supervisord {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Ini ini_of(std::string_view text) {
  Ini ini;
  const auto findings = ini.read("a.conf", std::string(text));
  EXPECT_THAT(findings, IsEmpty()) << render(findings);
  return ini;
}

std::string value(std::string_view lines) {
  const Ini ini = ini_of("[s]\n" + std::string(lines));
  const IniKey* key = ini.sections().at(0).find("k");
  return key == nullptr ? "(none)" : key->value;
}

std::string findings(std::string_view text) {
  Ini ini;
  auto found = ini.read("a.conf", std::string(text));
  attach_source(found, ini.files()[0].text);
  return render(found);
}

TEST(IniComments, StandOnLinesOfTheirOwnOrBehindABlank) {
  EXPECT_EQ(value("; k=1\n# k=2\n  ; k=3\nk=4"), "4");
  EXPECT_EQ(value("k=a;b"), "a;b");
  EXPECT_EQ(value("k=a ;b"), "a");
  EXPECT_EQ(value("k=a\t#b"), "a");
  EXPECT_EQ(value("k=;x"), ";x");
  EXPECT_EQ(value("k= ;x"), "");
}

TEST(IniComments, AreNotStoppedByQuotes) {
  EXPECT_EQ(value("k=sh -c 'a ; b'"), "sh -c 'a");
}

TEST(IniComments, HideBehindASignOfTheOtherKindThatBeginsNone) {
  EXPECT_EQ(value("k=a#b #c ;d"), "a#b #c");
}

TEST(IniComments, FollowHeadersAndContinuedLines) {
  const Ini ini = ini_of("[s] ; one\nk=1 ; two\n  2 ; three\n");
  EXPECT_EQ(ini.sections()[0].name, "s");
  EXPECT_EQ(ini.sections()[0].keys[0].value, "1\n2");
}

TEST(IniKeys, AreSplitAtTheFirstDelimiterAndInLowerCase) {
  EXPECT_EQ(value("K : a=b:c"), "a=b:c");
  EXPECT_EQ(value("k=a:b"), "a:b");
  EXPECT_EQ(value("k="), "");
}

TEST(IniKeys, OfTheSameNameAreReplaced) {
  const Ini ini = ini_of("[s]\nk=1\nother=2\nk=3\n");
  ASSERT_THAT(ini.sections()[0].keys, SizeIs(2));
  EXPECT_EQ(ini.sections()[0].keys[0].value, "3");
  EXPECT_EQ(ini.sections()[0].keys[0].where.at.line, 4U);
}

TEST(IniContinuation, IsWhatIsIndentedDeeperThanItsKey) {
  EXPECT_EQ(value("k=1\n  2\n 3\n"), "1\n2\n3");
  EXPECT_EQ(value("  k=1\n  other=2\n"), "1");
  EXPECT_EQ(value("k=\n  a\n  b = c\n"), "\na\nb = c");
}

TEST(IniContinuation, KeepsEmptyLinesWithinAndDropsComments) {
  EXPECT_EQ(value("k=1\n\n ; no\n 2\n\n\n"), "1\n\n2");
}

TEST(IniSections, OfTheSameNameAreMerged) {
  const Ini ini = ini_of("[a]\nx=1\n[b]\n[a]\nx=2\ny=3\n");
  ASSERT_THAT(ini.sections(), SizeIs(2));
  EXPECT_EQ(ini.find("a")->find("x")->value, "2");
  EXPECT_EQ(ini.find("a")->find("y")->value, "3");
}

TEST(IniSections, KeepTheirCaseAndTheirBlanks) {
  EXPECT_NE(ini_of("[ A ]\n").find(" A "), nullptr);
  EXPECT_NE(ini_of("[a]b]c\n").find("a]b"), nullptr);
}

TEST(IniDefaults, StandInWhereASectionSaysNothing) {
  const Ini ini = ini_of("[DEFAULT]\nx=1\ny=2\n[a]\nx=3\n");
  EXPECT_THAT(ini.sections(), SizeIs(1));
  EXPECT_EQ(ini.find(ini.sections()[0], "x")->value, "3");
  EXPECT_EQ(ini.find(ini.sections()[0], "y")->value, "2");
}

TEST(IniLineEnds, AreThoseOfAnySystem) {
  const Ini ini = ini_of("[s]\r\nk=1\r\n  2\rl=3\n");
  EXPECT_EQ(ini.sections()[0].find("k")->value, "1\n2");
  EXPECT_EQ(ini.sections()[0].find("l")->value, "3");
}

TEST(IniFiles, ALaterOneIsReadOverTheEarlier) {
  Ini ini = ini_of("[a]\nx=1\ny=%(here)s\n");
  EXPECT_THAT(ini.read("b.conf", "[a]\nx=2\nz=%(here)s\n[b]\n"), IsEmpty());
  const IniSection& a = *ini.find("a");
  EXPECT_EQ(a.find("x")->value, "2");
  EXPECT_EQ(a.find("x")->where, (Place{1, {2, 1}}));
  EXPECT_EQ(a.find("y")->where.file, 0U);
  ini.replace_in_values(1, "%(here)s", "/b");
  EXPECT_EQ(ini.find("a")->find("y")->value, "%(here)s");
  EXPECT_EQ(ini.find("a")->find("z")->value, "/b");
}

TEST(IniPlaces, AreThoseOfKeyAndValue) {
  const Ini ini = ini_of("[é]\n  key  =  ü\n");
  const IniKey& key = ini.sections()[0].keys[0];
  EXPECT_EQ(key.where.at, (Position{2, 3}));
  EXPECT_EQ(key.value_at.at, (Position{2, 11}));
}

TEST(IniFindings, NameThePlaceAndTheCure) {
  EXPECT_EQ(findings("; fine\nx=1\n[a]\n"),
            "a.conf:2:1: error: this stands before the first section\n"
            "    2 | x=1\n"
            "      | ^\n"
            "      = hint: a section begins with its name in brackets: [supervisord]\n");
  EXPECT_EQ(findings("[a]\n  nothing\n=1\nx=2\n"),
            "a.conf:2:3: error: this is neither a section nor a key\n"
            "    2 |   nothing\n"
            "      |   ^\n"
            "      = hint: a key is followed by \"=\" and its value\n"
            "\n"
            "a.conf:3:1: error: the key has no name\n"
            "    3 | =1\n"
            "      | ^\n");
  EXPECT_THAT(findings("\xEF\xBB\xBF[a]\n"),
              testing::HasSubstr("a.conf:1:1: error: the file begins with a byte order mark"));
  EXPECT_THAT(findings("[a]\nx=\xFF\n"), testing::HasSubstr("a.conf:2:3: error: this is not UTF-8"));
  EXPECT_THAT(findings(std::string_view("[a]\nx=\0\n", 8)),
              testing::HasSubstr("a.conf:2:3: error: the text holds a NUL byte"));
}

}  // namespace
}  // namespace foster::config::supervisord
