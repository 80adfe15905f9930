#include "cli/render.hpp"

#include <gtest/gtest.h>

#include "cli/line_printer.hpp"

namespace foster::cli {
namespace {

Table example() {
  Table table({{"NAME"}, {"PID", Table::Align::right}, {"WHY"}});
  table.add({{"web"}, {"7"}, {"started by the configuration"}});
  table.add({{"größe"}, {"12345"}, {""}});
  table.add({{"猫"}, {"-"}, {"evil\x1b[31m\nline"}});
  return table;
}

TEST(Table, AlignsByTerminalCellsAndLeavesNoBlanksAtTheEnd) {
  EXPECT_EQ(example().render({}),
            "NAME     PID  WHY\n"
            "web        7  started by the configuration\n"
            "größe  12345\n"
            "猫         -  evil [31m line\n");
}

TEST(Table, CutsTheLastColumnToTheTerminal) {
  EXPECT_EQ(example().render({.width = 30}),
            "NAME     PID  WHY\n"
            "web        7  started by the …\n"
            "größe  12345\n"
            "猫         -  evil [31m line\n");
}

TEST(Table, ColoursDoNotShiftColumns) {
  Table table({{"STATE"}, {"WHY"}});
  table.add({{"running", Colour::green}, {"x"}});
  EXPECT_EQ(table.render({.has_colour = true}),
            "\x1b[1mSTATE\x1b[0m    \x1b[1mWHY\x1b[0m\n\x1b[32mrunning\x1b[0m  x\n");
}

TEST(Text, BrokenUtf8IsMendedForTheTerminal) {
  EXPECT_EQ(printable("a\xff"), "a\xEF\xBF\xBD");
}

TEST(Ages, UseTheTwoLargestUnits) {
  using namespace std::chrono_literals;
  EXPECT_EQ(age_text(-5s), "0s");
  EXPECT_EQ(age_text(59s), "59s");
  EXPECT_EQ(age_text(125s), "2m 5s");
  EXPECT_EQ(age_text(3h + 12min), "3h 12m");
  EXPECT_EQ(age_text(123h), "5d 3h");
}

TEST(Sizes, AreDecimal) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(12'345'678), "12.3 MB");
  EXPECT_EQ(size_text(999'999), "1.0 MB");
  EXPECT_EQ(size_text(UINT64_MAX), "18.4 EB");
}

TEST(CpuTimes, GetCoarserAsTheyGrow) {
  EXPECT_EQ(cpu_text(0.05), "0.05s");
  EXPECT_EQ(cpu_text(12.34), "12.3s");
  EXPECT_EQ(cpu_text(3900), "1h 5m");
}

TEST(LinePrinter, PutsNamesBeforeWholeLinesOnly) {
  Output out(-1);
  LinePrinter printer(out, LinePrinter::Colours::off);
  printer.expect("web:10");
  printer.take("db", "one\ntw");
  printer.take("web:10", "three\n");
  printer.take("db", "o\n\nrest");
  EXPECT_EQ(out.kept(), "db     | one\nweb:10 | three\ndb     | two\ndb     | \n");
  printer.finish();
  EXPECT_TRUE(out.kept().ends_with("db     | rest\n"));
}

TEST(LinePrinter, ALineWithoutEndIsShownInParts) {
  Output out(-1);
  LinePrinter printer(out, LinePrinter::Colours::off);
  for (int i = 0; i < 3; ++i) printer.take("db", std::string(40'000, 'x'));
  EXPECT_EQ(out.kept().size(), 80'000 + std::string("db | \n").size());
}

}  // namespace
}  // namespace foster::cli
