#include "logs/output_filter.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace foster::logs {
namespace {

const std::string kBegin(kBeginTag);
const std::string kEnd(kEndTag);

struct Filtered {
  std::string log;
  std::vector<std::string> messages;
  std::string held;  ///< Not clear before the end.
};

/// Output that arrives in these pieces.
Filtered filter(const FilterRules& rules, const std::vector<std::string>& pieces, More at_the_end = More::is_none) {
  OutputFilter filter(rules);
  Filtered result;
  std::string bytes;
  const auto take = [&](More more) {
    for (;;) {
      const Piece piece = filter.next(bytes, more);
      if (piece.kind == Piece::Kind::unclear) return;
      if (piece.kind == Piece::Kind::text) result.log += bytes.substr(0, piece.size);
      if (piece.kind == Piece::Kind::captured) {
        result.messages.push_back(filter.message(std::string_view(bytes).substr(0, piece.text)));
      }
      EXPECT_GT(piece.size, 0U);
      bytes.erase(0, piece.size);
    }
  };
  for (const std::string& piece : pieces) {
    bytes += piece;
    take(More::may_come);
  }
  result.held = bytes;
  if (at_the_end == More::is_none) take(More::is_none);
  return result;
}

constexpr FilterRules kCapture{.capture = 1000};
constexpr FilterRules kStrip{.strips_ansi = true};

TEST(OutputFilter, WithoutRulesEverythingIsText) {
  const std::string all = kBegin + "\x1b[1mx" + kEnd;
  EXPECT_EQ(filter({}, {all}, More::may_come).log, all);
}

TEST(OutputFilter, AMessageIsToldAndNotLogged) {
  const auto found = filter(kCapture, {"a\n" + kBegin + "hello" + kEnd + "b\n" + kBegin + kEnd + "c"}, More::may_come);
  EXPECT_EQ(found.log, "a\nb\nc");
  EXPECT_EQ(found.messages, (std::vector<std::string>{"hello", ""}));
  EXPECT_EQ(found.held, "");
}

TEST(OutputFilter, TagsAreFoundWhereverTheyAreCut) {
  const std::string all = "a<" + kBegin + "he<!llo" + kEnd + "b<!--";
  for (std::size_t size = 1; size < all.size(); ++size) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < all.size(); at += size) pieces.push_back(all.substr(at, size));
    const auto found = filter(kCapture, pieces);
    EXPECT_EQ(found.log, "a<b<!--") << size;
    EXPECT_EQ(found.messages, (std::vector<std::string>{"he<!llo"})) << size;
    EXPECT_EQ(found.held, "<!--") << "only what may become a tag waits";
  }
}

TEST(OutputFilter, OfALongMessageTheEndIsKept) {
  const FilterRules rules{.capture = 4};
  EXPECT_EQ(filter(rules, {kBegin + "0123456789" + kEnd}).messages, (std::vector<std::string>{"6789"}));
  EXPECT_EQ(filter(rules, {kBegin, "012", "345", "67<!--", "89", kEnd}).messages, (std::vector<std::string>{"--89"}));
}

TEST(OutputFilter, AMessageThatWasNotClosedIsLogged) {
  EXPECT_EQ(filter(kCapture, {"a", kBegin + "b", "c<!--X"}).log, "abc<!--X");
  EXPECT_EQ(filter(kCapture, {"a", kBegin}).log, "a");
}

TEST(OutputFilter, AClosingTagAloneIsText) {
  EXPECT_EQ(filter(kCapture, {"a" + kEnd}).log, "a" + kEnd);
}

TEST(OutputFilter, SequencesOfATerminalAreLeftOut) {
  EXPECT_EQ(filter(kStrip, {"a\x1b[1;31mred\x1b[0m\x1b[2K\x1b[?25lb\n"}, More::may_come).log, "aredb\n");
}

TEST(OutputFilter, SequencesAreFoundWhereverTheyAreCut) {
  EXPECT_EQ(filter(kStrip, {"a\x1b", "[1;3", "1", "mred\x1b", "[", "0m"}, More::may_come).log, "ared");
  EXPECT_EQ(filter(kStrip, {"a\x1b[1;3"}, More::may_come).held, "\x1b[1;3");
}

TEST(OutputFilter, WhatIsNoSequenceStays) {
  for (const std::string text : {"a\x1b", "\x1b\x1b", "\x1b]0;title\x07", "\x1b[12\n3m", "x\x1b[3"}) {
    EXPECT_EQ(filter(kStrip, {text}).log, text);
  }
  const std::string endless = "\x1b[" + std::string(100, '1') + "m";
  EXPECT_EQ(filter(kStrip, {endless}).log, endless);
}

TEST(OutputFilter, MessagesAreStrippedToo) {
  const FilterRules rules{.strips_ansi = true, .capture = 100};
  const auto found = filter(rules, {"\x1b[1mx" + kBegin + "a\x1b[1mb" + kEnd + "\x1b[0m"});
  EXPECT_EQ(found.log, "x");
  EXPECT_EQ(found.messages, (std::vector<std::string>{"ab"}));
}

TEST(OutputFilter, HowOutputIsCutMakesNoDifference) {
  const std::vector<std::string> parts{"<!--", kBegin,   kEnd,          "\x1b[1m", "\x1b",
                                       "[",    "text\n", "XSUPERVISOR", "-->",     "<"};
  const FilterRules rules{.strips_ansi = true, .capture = 10};
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::string all;
    for (unsigned n = 0; n < 40; ++n) all += parts[random() % parts.size()];
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t size = 1 + random() % 9;
      pieces.push_back(all.substr(at, size));
      at += size;
    }
    const auto whole = filter(rules, {all});
    const auto cut = filter(rules, pieces);
    EXPECT_EQ(cut.log, whole.log) << seed;
    EXPECT_EQ(cut.messages, whole.messages) << seed;
  }
}

}  // namespace
}  // namespace foster::logs
