#include "config/shell_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace foster::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

TEST(SplitWords, SplitsAtBlanksAndKeepsWhatIsQuoted) {
  EXPECT_EQ(split_words("  a  b\tc "), (Words{"a", "b", "c"}));
  EXPECT_EQ(split_words("a 'b c' \"d e\" f\\ g"), (Words{"a", "b c", "d e", "f g"}));
  EXPECT_EQ(split_words("a''b \"\" ''"), (Words{"ab", "", ""}));
  EXPECT_EQ(split_words(R"("a\"b" "a\$b" "a\`b" "a\\b" "a\nb")"), (Words{"a\"b", "a$b", "a`b", "a\\b", "a\\nb"}));
  EXPECT_EQ(split_words("a\\\nb"), (Words{"ab"}));
  EXPECT_EQ(split_words("\"a\\\nb\""), (Words{"ab"}));
  EXPECT_EQ(split_words(R"('a\b')"), (Words{"a\\b"}));
  EXPECT_EQ(split_words(""), Words{});
}

TEST(SplitWords, IsEmptyHandedWhereAQuoteIsOpen) {
  EXPECT_EQ(split_words("a 'b"), std::nullopt);
  EXPECT_EQ(split_words("a \"b"), std::nullopt);
  EXPECT_EQ(split_words("a \\"), std::nullopt);
}

TEST(NeedsShell, IsFalseForSimpleCommands) {
  for (const char* command : {"python3 app.py --task %i",
                              "redis-server --port 6390",
                              "echo 'a | b'",
                              "echo \"a; b\"",
                              "echo a\\;b",
                              "env A=b program",
                              "/bin/true",
                              "program --define=x=y",
                              "program a=b",
                              "echo '$HOME'",
                              "echo \\$HOME",
                              "echo a~b",
                              "echo a#b",
                              "echo '~'",
                              "echo \"*\"",
                              "cdrom",
                              "'cd' /x",
                              "kill -0 1",
                              "echo hello\n",
                              "\n echo x"}) {
    EXPECT_FALSE(needs_shell(command)) << command;
  }
}

TEST(NeedsShell, IsTrueForWhatOnlyAShellKnows) {
  for (const char* command :
       {"a | b",   "a && b",     "a; b",           "a > b",       "a < b",           "a 2>&1",      "a &",
        "(a)",     "echo $HOME", "echo \"$HOME\"", "echo `date`", "echo \"`date`\"", "ls *.c",      "ls a?",
        "ls [ab]", "echo {a,b}", "cd /x",          "~/bin/x",     "echo ~",          "A=b program", "_A1=b program",
        "exec x",  "if true",    "while true",     "! x",         ". file",          "export A",    "a # b",
        "a 'b",    "a \\",       "umask 022",      "a\nb"}) {
    EXPECT_TRUE(needs_shell(command)) << command;
  }
}

TEST(JoinWords, QuotesWhatMustBe) {
  EXPECT_EQ(join_words(Words{"redis-server", "--save", ""}), "redis-server --save ''");
  EXPECT_EQ(join_words(Words{"echo", "it's"}), "echo 'it'\\''s'");
  EXPECT_EQ(join_words(Words{"python3", "--task", "%i"}), "python3 --task %i");
  EXPECT_EQ(join_words(Words{""}), "''");
  EXPECT_EQ(join_words(Words{}), "");
}

TEST(JoinWords, IsSplitBackExactly) {
  constexpr std::string_view kLetters = "ab'\"\\ \t\n$`~#*%=;é";
  std::mt19937 random(3);
  for (int n = 0; n < 20'000; ++n) {
    Words words(random() % 5);
    for (std::string& word : words) {
      for (unsigned length = random() % 8; length > 0; --length) word += kLetters[random() % kLetters.size()];
    }
    ASSERT_EQ(split_words(join_words(words)), words) << join_words(words);
  }
}

}  // namespace
}  // namespace foster::config
