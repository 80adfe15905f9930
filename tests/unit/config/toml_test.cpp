#include "config/toml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "config/toml_depth.hpp"

namespace foster::config {
namespace {

using testing::ElementsAre;

// What matters of a value: everything but its place.
std::string shown(const Raw& raw);

std::string shown(const RawTable& table) {
  std::string text = "{";
  for (const RawEntry& entry : table.entries()) text += entry.key + "=" + shown(entry.value) + ";";
  return text + "}";
}

std::string shown(const Raw& raw) {
  if (const auto* table = raw.as<RawTable>()) return shown(*table);
  if (const auto* array = raw.as<RawArray>()) {
    std::string text = "[";
    for (const Raw& element : *array) text += shown(element) + ",";
    return text + "]";
  }
  if (const auto* text = raw.as<std::string>()) return "'" + *text + "'";
  return raw.describe();
}

std::vector<std::string> findings(std::string_view text) {
  std::vector<std::string> result;
  for (const Diagnostic& d : parse_toml(text, "f").diagnostics) {
    result.push_back(std::to_string(d.line) + ":" + std::to_string(d.column) + " " + d.message);
  }
  return result;
}

TEST(ParseToml, KeepsTheOrderOfTheTextAndEveryKindOfValue) {
  const TomlText toml = parse_toml(
      "z = 1\na = 'x'\n[service.web]\nb = [true, 1.5]\n[service.app]\nready.tcp = 80\n[service.web2]\nd = 1979-05-27\n"
      "t = 07:32:00\n",
      "f");
  EXPECT_TRUE(toml.diagnostics.empty());
  EXPECT_EQ(toml.completeness, Completeness::whole);
  EXPECT_EQ(shown(toml.table),
            "{z=the number 1;a='x';service={web={b=[true,the number 1.5,];};app={ready={tcp=the number 80;};};"
            "web2={d=a date;t=a time;};};}");
}

TEST(ParseToml, KnowsWhereKeysAndValuesBeginInCodePoints) {
  const RawTable table = parse_toml("[s]\n\t\"é\" = [1,\n  'x']\r\nb = 2\n", "f").table;
  const auto* inner = table.find("s")->as<RawTable>();
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->find_entry("é")->where, (Position{2, 2}));
  EXPECT_EQ(inner->find("é")->where(), (Position{2, 8}));
  EXPECT_EQ((*inner->find("é")->as<RawArray>())[1].where(), (Position{3, 3}));
  EXPECT_EQ(inner->find_entry("b")->where, (Position{4, 1}));
}

TEST(ParseTomlWithSyntaxErrors, ReportsTheFirstOfEachSectionAndReadsTheRest) {
  const TomlText toml = parse_toml("[a]\nx = yes\ny = 1\nz = ]\nw = 2\n[b]\nx = \"open\n[c]\nx = 3\n", "f");
  EXPECT_THAT(findings("[a]\nx = yes\ny = 1\nz = ]\nw = 2\n[b]\nx = \"open\n[c]\nx = 3\n"),
              ElementsAre("2:5 this is no TOML value", "7:10 the text is not closed on its line"));
  EXPECT_EQ(toml.completeness, Completeness::without_some_keys);
  EXPECT_EQ(shown(toml.table), "{a={y=the number 1;};b={};c={x=the number 3;};}");
}

TEST(ParseTomlWithSyntaxErrors, DropsASectionWhoseHeaderIsWrong) {
  const TomlText toml = parse_toml("[a]\nx = 1\n[a]\nx = 2\n[b]\ny = 1\n", "f");
  EXPECT_EQ(toml.completeness, Completeness::without_some_sections);
  EXPECT_EQ(shown(toml.table), "{a={x=the number 1;};b={y=the number 1;};}");
}

TEST(ParseTomlWithSyntaxErrors, SpeaksOfDuplicatesAtTheSecondOne) {
  EXPECT_THAT(findings("[a]\n  x = 1\n  x = 2\n"), ElementsAre("3:3 'x' is given twice"));
  EXPECT_THAT(findings("[a]\n[a]\n"), ElementsAre("2:1 'a' is given twice"));
}

TEST(ParseTomlWithSyntaxErrors, EndsForTextThatIsNeverClosed) {
  EXPECT_EQ(findings("a = \"\"\"x\ny\n").size(), 1U);
  EXPECT_EQ(findings("a = [1,\n2,\n").size(), 1U);
  EXPECT_EQ(findings("a = {").size(), 1U);
  EXPECT_EQ(findings("[").size(), 1U);
}

TEST(ParseTomlWithSyntaxErrors, NamesWhatIsNotUtf8OrNested) {
  EXPECT_THAT(findings("a = \"\xFF\"\n"), ElementsAre("1:5 this is not UTF-8"));
  EXPECT_THAT(findings("a = " + std::string(40, '[') + std::string(40, ']')),
              ElementsAre(testing::EndsWith(" values are nested too deeply")));
}

TEST(ParseTomlWithSyntaxErrors, IsNotTroubledByNulBytes) {
  EXPECT_EQ(findings(std::string("a = 1\0\n", 7)).size(), 1U);
  EXPECT_EQ(findings(std::string("\0\0\0", 3)).size(), 1U);
  EXPECT_EQ(findings(std::string("[\0a]\n", 5)).size(), 1U);
}

TEST(ParseTomlWithSyntaxErrors, TakesLettersOfOtherAlphabetsInQuotesOnly) {
  EXPECT_THAT(findings("é = 1\n"), ElementsAre(testing::StartsWith("1:1 ")));
  EXPECT_THAT(findings("a = 1 é\n"), ElementsAre(testing::StartsWith("1:7 ")));
  EXPECT_THAT(findings("[日本]\n"), ElementsAre(testing::StartsWith("1:2 ")));
  EXPECT_THAT(findings("a = 1 \uFEB0\n"), ElementsAre(testing::StartsWith("1:7 ")));
  EXPECT_TRUE(findings("\"é\" = '日本' # \uFEB0\nb = \"\"\"x\\\n  é\"\"\"\n").empty());
}

TEST(FindDeepDottedKey, RefusesKeysThatWouldOverflowTheStack) {
  std::string key = "a";
  for (int n = 0; n < 1'000'000; ++n) key += ".a";
  EXPECT_THAT(findings("x = 1\n" + key + " = 1\n"), ElementsAre("2:32 the key has too many parts"));
  EXPECT_THAT(findings("[" + key + "]\n"), ElementsAre("1:33 the key has too many parts"));
}

TEST(FindDeepDottedKey, DoesNotTakeTextsCommentsAndNumbersForKeys) {
  const std::string dots(100, '.');
  EXPECT_EQ(find_deep_dotted_key("a = \"" + dots + "\" # " + dots + "\nb = '" + dots + "'\n"), std::nullopt);
  EXPECT_EQ(find_deep_dotted_key("a = \"\"\"\n\\\"\"\"" + dots + "\n\"\"\"\nb = '''\n" + dots + "'''\n"), std::nullopt);
  EXPECT_EQ(
      find_deep_dotted_key("a = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]"),
      std::nullopt);
}

Raw random_value(std::mt19937& random, int depth) {
  static const std::vector<std::string> kTexts{"",  "x", "a b", "é日", "q\"\\", "\n\t\r\x01\x7F", "\xE2\x80\xAE",
                                               "'", "#"};
  const auto text = [&] { return kTexts[random() % kTexts.size()]; };
  switch (random() % (depth > 0 ? 6 : 4)) {
    case 0:
      return Raw(text());
    case 1:
      return Raw(static_cast<std::int64_t>(random()) - 1'000'000'000);
    case 2:
      return Raw(static_cast<double>(random()) / 1024.0);
    case 3:
      return Raw(random() % 2 == 0);
    case 4: {
      RawArray array;
      for (unsigned n = random() % 4; n > 0; --n) array.push_back(random_value(random, depth - 1));
      return Raw(std::move(array));
    }
    default: {
      RawTable table;
      for (unsigned n = random() % 4; n > 0; --n) {
        const std::string key = text();
        if (table.find(key) == nullptr) table.append(key, random_value(random, depth - 1));
      }
      return Raw(std::move(table));
    }
  }
}

TEST(WriteToml, IsReadBackToEqualValues) {
  std::mt19937 random(4);
  for (int n = 0; n < 3'000; ++n) {
    // The order of keys and of sections may differ where sections are written last; one level holds no such mix.
    RawTable sections;
    for (unsigned count = random() % 4; count > 0; --count) {
      RawTable section;
      section.append("v", random_value(random, 3));
      section.append("w", random_value(random, 3));
      sections.append("s" + std::to_string(count), Raw(std::move(section)));
    }
    RawTable file;
    file.append("name", random_value(random, 0));
    file.append("service", Raw(std::move(sections)));
    const std::string text = write_toml(file);
    const TomlText toml = parse_toml(text, "f");
    ASSERT_TRUE(toml.diagnostics.empty()) << text << render(toml.diagnostics);
    ASSERT_EQ(shown(toml.table), shown(file)) << text;
  }
}

}  // namespace
}  // namespace foster::config
