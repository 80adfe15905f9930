#include "cli/top/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::cli::top {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Key::Kind;

Key character(char32_t c) {
  return {Kind::character, c};
}

TEST(Keys, ArrowsComeInTwoDialects) {
  KeyReader reader;
  EXPECT_THAT(reader.take("\x1b[A\x1bOB\x1b[5~\x1b[6;2~\x1b[H\x1bOF\x1b[1~\x1b[4~"),
              ElementsAre(Key{Kind::up}, Key{Kind::down}, Key{Kind::page_up}, Key{Kind::page_down}, Key{Kind::home},
                          Key{Kind::end}, Key{Kind::home}, Key{Kind::end}));
  EXPECT_FALSE(reader.is_waiting());
}

TEST(Keys, ASequenceInPiecesIsOneKey) {
  KeyReader reader;
  EXPECT_THAT(reader.take("x\x1b"), ElementsAre(character('x')));
  EXPECT_TRUE(reader.is_waiting());
  EXPECT_THAT(reader.take("["), IsEmpty());
  EXPECT_THAT(reader.take("A"), ElementsAre(Key{Kind::up}));
}

TEST(Keys, AnEscapeThatNothingFollowsIsAKeyItself) {
  KeyReader reader;
  EXPECT_THAT(reader.take("\x1b"), IsEmpty());
  EXPECT_THAT(reader.give_up(), ElementsAre(Key{Kind::escape}));
  EXPECT_THAT(reader.take("\x1b\x1b[A"), ElementsAre(Key{Kind::escape}, Key{Kind::up}));
  EXPECT_THAT(reader.take("\x1b["), IsEmpty());
  EXPECT_THAT(reader.give_up(), IsEmpty());
  EXPECT_THAT(reader.take("q"), ElementsAre(character('q')));
}

TEST(Keys, NoPartOfAnUnknownSequenceActsAsAKey) {
  KeyReader reader;
  // F-keys, of the console, too; mouse reports; Alt and a letter; an answer of the terminal.
  EXPECT_THAT(reader.take("\x1b[15~\x1b[[A\x1b[<0;12;7M\x1bx\x1bOP\x1b[?1;2cq"), ElementsAre(character('q')));
}

TEST(Keys, ASequenceWithoutEndIsGivenUp) {
  KeyReader reader;
  (void)reader.take("\x1b[" + std::string(100, '1'));
  EXPECT_THAT(reader.take("q"), ElementsAre(character('q')));
}

TEST(Keys, CharactersOfSeveralBytesAreWholeAndBrokenOnesNothing) {
  KeyReader reader;
  EXPECT_THAT(reader.take("\xe6\xbc"), IsEmpty());
  EXPECT_THAT(reader.take("\xa2\xc3\xa9"), ElementsAre(character(U'漢'), character(U'é')));
  EXPECT_THAT(reader.take("\xff\xc3q\x80r"), ElementsAre(character('q'), character('r')));
  EXPECT_THAT(reader.take("\r\n\x7f\b\x0c"), ElementsAre(Key{Kind::enter}, Key{Kind::enter}, Key{Kind::backspace},
                                                         Key{Kind::backspace}, character(0x0C)));
}

}  // namespace
}  // namespace foster::cli::top
