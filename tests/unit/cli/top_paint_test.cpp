// Cells, and the sequences that bring them to a terminal: what is painted is read back by a terminal that knows no more
// than those.
#include "cli/top/ecma48.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "config/utf8.hpp"

namespace foster::cli::top {
namespace {

constexpr Ink kUtf8{.has_colour = true, .has_utf8 = true};

/// A terminal that wraps nothing, and fails the test at a sequence it does not know.
class TinyTerminal {
 public:
  explicit TinyTerminal(Size size) : size_(size), grid_(size) {}

  void take(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      if (bytes[at] == '\x1b') {
        at = sequence(bytes, at);
        continue;
      }
      const auto point = config::decode_utf8(bytes, at);
      ASSERT_TRUE(point.valid);
      ASSERT_GE(point.value, U' ');
      column_ = grid_.put(row_, column_, bytes.substr(at, point.length), style_);
      at += point.length;
    }
  }
  [[nodiscard]] const Grid& grid() const { return grid_; }

 private:
  std::size_t sequence(std::string_view bytes, std::size_t at) {
    EXPECT_EQ(bytes[at + 1], '[');
    const std::size_t end = bytes.find_first_not_of("0123456789;", at + 2);
    const std::string parameters(bytes.substr(at + 2, end - at - 2));
    switch (bytes[end]) {
      case 'H': {
        const auto semicolon = parameters.find(';');
        row_ = std::stoul(parameters) - 1;
        column_ = std::stoul(parameters.substr(semicolon + 1)) - 1;
        EXPECT_LT(row_, size_.rows);
        EXPECT_LT(column_, size_.columns);
        break;
      }
      case 'J':
        EXPECT_EQ(parameters, "2");
        grid_ = Grid(size_);
        break;
      case 'K':
        for (std::size_t column = column_; column < size_.columns; ++column) grid_.put(row_, column, " ");
        break;
      case 'm':
        style_ = {};
        style_.is_bold = parameters.find(";1") != std::string::npos;
        style_.is_reversed = parameters.find(";7") != std::string::npos;
        if (parameters.ends_with(";31")) style_.colour = Colour::red;
        if (parameters.ends_with(";32")) style_.colour = Colour::green;
        if (parameters.ends_with(";90")) style_.colour = Colour::grey;
        break;
      default:
        ADD_FAILURE() << "unknown sequence " << bytes[end];
    }
    return end + 1;
  }

  Size size_;
  Grid grid_;
  Style style_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

TEST(Grid, CutsAtTheEndOfTheRowAndNeverHalvesAWideCharacter) {
  Grid grid({.rows = 1, .columns = 5});
  EXPECT_EQ(grid.put(0, 0, "ab漢字"), 4U);
  EXPECT_EQ(grid.line(0), "ab漢");
  EXPECT_EQ(grid.at(0, 3).text, "");
  EXPECT_EQ(grid.put(7, 0, "outside"), 0U);
  EXPECT_EQ(grid.put(0, 9, "outside"), 9U);
  EXPECT_EQ(grid.put(0, 0, "xyz", {}, 2), 2U);
  EXPECT_EQ(grid.line(0), "xy漢");
}

TEST(Grid, NothingThatControlsATerminalGetsIntoACell) {
  Grid grid({.rows = 1, .columns = 20});
  grid.put(0, 0, "a\x1b[31m\x07\xff\xc2\x9b");
  EXPECT_EQ(grid.line(0), "a [31m \uFFFD");
}

TEST(Grid, MarksJoinTheCharacterBeforeThemAndAHeapOfThemIsCut) {
  Grid grid({.rows = 1, .columns = 4});
  std::string zalgo = "e";
  for (int n = 0; n < 100; ++n) zalgo += "\u0301";
  EXPECT_EQ(grid.put(0, 0, "\u0301" + zalgo + "x"), 2U);
  EXPECT_LE(grid.at(0, 0).text.size(), 24U);
  EXPECT_EQ(grid.at(0, 1).text, "x");
}

TEST(Paint, WhatIsShownAlreadyIsNotPaintedAgain) {
  Grid grid({.rows = 3, .columns = 20});
  grid.put(1, 3, "hello");
  EXPECT_EQ(paint(&grid, grid, kUtf8), "");
}

TEST(Paint, OneChangedCharacterCostsAFewBytes) {
  Grid shown({.rows = 24, .columns = 80});
  for (std::size_t row = 0; row < 24; ++row) shown.put(row, 0, std::string(80, 'x'));
  Grid wanted = shown;
  wanted.put(7, 11, "y");
  EXPECT_EQ(paint(&shown, wanted, kUtf8), "\x1b[8;12H\x1b[0my");
}

TEST(Paint, TheEmptyEndOfARowIsErasedAtOnce) {
  Grid shown({.rows = 1, .columns = 80});
  shown.put(0, 0, std::string(80, 'x'));
  Grid wanted({.rows = 1, .columns = 80});
  wanted.put(0, 0, "xx");
  EXPECT_EQ(paint(&shown, wanted, kUtf8), "\x1b[1;3H\x1b[0m\x1b[K");
}

TEST(Paint, WithoutColoursThereIsNoneAndReversedStays) {
  Grid wanted({.rows = 1, .columns = 4});
  wanted.put(0, 0, "a", {.colour = Colour::red});
  wanted.put(0, 1, "b", {.colour = Colour::red, .is_reversed = true});
  EXPECT_EQ(paint(nullptr, wanted, {.has_colour = false, .has_utf8 = true}),
            "\x1b[0m\x1b[2J\x1b[1;1Ha\x1b[0;7mb\x1b[0m");
}

TEST(Paint, WithoutUtf8EverythingIsAscii) {
  Grid wanted({.rows = 2, .columns = 12});
  wanted.put(0, 0, "漢é▁█…x");
  wanted.put(1, 0, "plain");
  const std::string bytes = paint(nullptr, wanted, {.has_colour = true, .has_utf8 = false});
  EXPECT_TRUE(std::ranges::all_of(bytes, [](char byte) { return static_cast<unsigned char>(byte) < 0x80; }));
  EXPECT_NE(bytes.find("???.@~x"), std::string::npos) << bytes;
  EXPECT_EQ(plain_text(wanted, {.has_colour = false, .has_utf8 = false}), "???.@~x\nplain\n");
  EXPECT_EQ(plain_text(wanted, kUtf8), "漢é▁█…x\nplain\n");
}

TEST(Paint, ATerminalShowsWhatIsWantedWhateverItShowedBefore) {
  std::mt19937 dice(4711);
  const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(dice); };
  constexpr std::array<std::string_view, 8> kTexts{"web", "漢字", "x", "é▂█", "   ", "long text here", "字x字", "…"};
  constexpr std::array<Colour, 4> kColours{Colour::none, Colour::red, Colour::green, Colour::grey};
  for (int world = 0; world < 300; ++world) {
    const Size size{.rows = 1 + below(5), .columns = 1 + below(25)};
    TinyTerminal terminal(size);
    std::optional<Grid> shown;
    for (int step = 0; step < 6; ++step) {
      Grid wanted = shown && below(2) == 0 ? *shown : Grid(size);
      for (std::size_t n = below(8); n > 0; --n) {
        // A put over half of a wide character would be a mistake of the drawer; rows are drawn from the left.
        const std::size_t row = below(size.rows);
        for (std::size_t column = 0; column < size.columns; ++column) wanted.put(row, column, " ");
        std::size_t column = below(3);
        for (std::size_t parts = 1 + below(3); parts > 0; --parts) {
          column = wanted.put(row, column, kTexts[below(kTexts.size())],
                              {.colour = kColours[below(4)], .is_bold = below(4) == 0, .is_reversed = below(5) == 0});
          column += below(9);
        }
      }
      terminal.take(paint(shown ? &*shown : nullptr, wanted, kUtf8));
      ASSERT_EQ(terminal.grid(), wanted) << "world " << world << ", step " << step;
      shown = std::move(wanted);
    }
  }
}

}  // namespace
}  // namespace foster::cli::top
