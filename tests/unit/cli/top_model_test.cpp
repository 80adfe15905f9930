// What keys and answers make of the state of the screen.
#include "cli/top/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/json_codec.hpp"
#include "unit/cli/top_support.hpp"

namespace foster::cli::top {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Size kUsual{.rows = 24, .columns = 80};

std::string selected(const Model& model) {
  const Row* row = model.listing().selected_row();
  return row != nullptr ? row->name : "";
}

std::vector<std::string> shown(const Model& model) {
  std::vector<std::string> names;
  for (std::size_t n = 0; n < model.listing().shown().size(); ++n) names.push_back(model.listing().row(n).name);
  return names;
}

std::string change_text(const std::optional<Wish>& wish) {
  if (!wish || !std::holds_alternative<wish::Change>(*wish)) return "none";
  std::string text(api::to_string(std::get<wish::Change>(*wish).verb));
  for (const std::string& name : std::get<wish::Change>(*wish).names) text += " " + name;
  return text;
}

TEST(Samples, ARateIsWhatWasUsedBetweenTwoLooks) {
  Samples samples(800ms);
  std::vector<Row> rows = rows_called({"web"});
  samples.take(rows, 1s);
  EXPECT_FALSE(samples.percent("web"));
  rows[0].cpu = 1.5;
  samples.take(rows, 3s);
  EXPECT_THAT(samples.percent("web").value(), DoubleNear(25, 0.01));
  rows[0].cpu = 9;
  samples.take(rows, 3s + 100ms);  // too close to tell
  EXPECT_THAT(samples.percent("web").value(), DoubleNear(25, 0.01));
  EXPECT_EQ(samples.recent("web").size(), 1U);
}

TEST(Samples, AnotherProcessBeginsAnewAndWhoIsGoneIsForgotten) {
  Samples samples(0s);
  std::vector<Row> rows = rows_called({"web"});
  samples.take(rows, 1s);
  rows[0].cpu = 2;
  samples.take(rows, 2s);
  rows[0].pid = 4712;
  rows[0].cpu = 0.1;
  samples.take(rows, 3s);
  EXPECT_FALSE(samples.percent("web"));
  EXPECT_THAT(samples.recent("web"), ElementsAre(DoubleNear(100, 0.01), 0));
  samples.take({}, 4s);
  EXPECT_TRUE(samples.recent("web").empty());
}

TEST(Samples, AFewMinutesAreKeptAndNoMore) {
  Samples samples(0s);
  for (int n = 0; n < 500; ++n) samples.take(rows_called({"web"}), std::chrono::seconds(n));
  EXPECT_EQ(samples.recent("web").size(), Samples::kKept);
}

TEST(Sparkline, AFullBarIsOneProcessorOrTheHighest) {
  EXPECT_EQ(sparkline({0, 0.1, 50, 100}, 6), "   ▁▄█");
  EXPECT_EQ(sparkline({100, 400}, 2), "▂█");
  EXPECT_EQ(sparkline({1, 2, 3}, 2), "▁▁");
  EXPECT_EQ(sparkline({}, 3), "   ");
  EXPECT_EQ(sparkline({5}, 0), "");
}

TEST(TopModel, TheSelectedServiceStaysSelectedWhenTheOrderChanges) {
  Model model = model_of(kUsual, rows_called({"web", "db", "cache"}));
  (void)type(model, "j");
  EXPECT_EQ(selected(model), "db");
  (void)type(model, "o");
  EXPECT_THAT(shown(model), ElementsAre("cache", "db", "web"));
  EXPECT_EQ(selected(model), "db");
  model.take(rows_called({"a", "web", "db"}), 11s, kNow);
  EXPECT_EQ(selected(model), "db");
  model.take(rows_called({"a", "web"}), 12s, kNow);
  EXPECT_EQ(selected(model), "web");
  model.take(rows_called({"web", "b", "a"}), 12s, kNow);
  EXPECT_EQ(selected(model), "web") << "who took its place is selected from then on";
  model.take({}, 13s, kNow);
  EXPECT_EQ(selected(model), "");
}

TEST(TopModel, OrdersPutFirstWhatIsLookedFor) {
  auto rows = rows_called({"quiet", "busy", "large"});
  rows.push_back(row_called("broken", core::State::failed));
  Model model = model_of(kUsual, rows);
  rows[1].cpu = 2;
  rows[2].memory = 99'000'000;
  rows[0].restarts = 3;
  model.take(rows, 11s, kNow);
  (void)type(model, "oo");
  EXPECT_EQ(shown(model).front(), "broken");
  (void)type(model, "o");
  EXPECT_EQ(shown(model).front(), "busy");
  (void)type(model, "o");
  EXPECT_EQ(shown(model).front(), "large");
  (void)type(model, "o");
  EXPECT_EQ(shown(model).front(), "quiet");
  (void)type(model, "o");
  EXPECT_THAT(shown(model), ElementsAre("quiet", "busy", "large", "broken"));
}

TEST(TopModel, OneServiceIsStoppedWithoutAQuestion) {
  Model model = model_of(kUsual, rows_called({"web", "db"}));
  EXPECT_EQ(change_text(type(model, "x")), "stop web");
  EXPECT_EQ(change_text(type(model, "r")), "restart web");
  EXPECT_EQ(change_text(type(model, "s")), "start web");
}

TEST(TopModel, SeveralAreStoppedOnlyAfterAYes) {
  Model model = model_of(kUsual, rows_called({"web", "db", "cache"}));
  EXPECT_EQ(change_text(type(model, "  x")), "none");
  EXPECT_EQ(model.question(), "stop 2 services? y/n");
  EXPECT_EQ(change_text(type(model, "n")), "none");
  EXPECT_EQ(model.question(), "");
  EXPECT_EQ(model.message()->text, "nothing was asked to stop");
  EXPECT_EQ(change_text(type(model, "ry")), "restart db web");
  EXPECT_TRUE(model.listing().marks().empty());
}

TEST(TopModel, AllAreAskedForAtOnceAndStartingThemNeedsNoYes) {
  Model model = model_of(kUsual, rows_called({"web", "db", "cache"}));
  EXPECT_EQ(change_text(type(model, "as")), "start *");
  EXPECT_EQ(change_text(type(model, "ax")), "none");
  EXPECT_EQ(model.question(), "stop all 3 services? y/n");
  EXPECT_FALSE(model.press({Key::Kind::escape}));
  EXPECT_EQ(change_text(type(model, "xy")), "stop *");
  EXPECT_EQ(change_text(type(model, "aax")), "stop web") << "all marks are taken away again";
}

TEST(TopModel, AKeyThatFollowsTheQuestionIsNothingElse) {
  Model model = model_of(kUsual, rows_called({"web", "db"}));
  EXPECT_FALSE(type(model, "axq")) << "q is no, and does not quit";
  EXPECT_EQ(model.question(), "");
  EXPECT_TRUE(std::holds_alternative<wish::Quit>(*type(model, "q")));
}

TEST(TopModel, ASearchShowsOnlyWhatContainsItAndMarksOnlyThose) {
  Model model = model_of(kUsual, rows_called({"web", "webmail", "db"}));
  (void)type(model, "/mailq");
  EXPECT_TRUE(shown(model).empty());
  (void)model.press({Key::Kind::backspace});
  EXPECT_THAT(shown(model), ElementsAre("webmail"));
  EXPECT_EQ(selected(model), "webmail");
  (void)model.press({Key::Kind::enter});
  EXPECT_FALSE(model.is_typing());
  EXPECT_EQ(change_text(type(model, "ax")), "stop webmail");
  (void)model.press({Key::Kind::escape});
  EXPECT_EQ(shown(model).size(), 3U);
}

TEST(TopModel, ASearchForWideCharactersLosesThemOneByOne) {
  Model model = model_of(kUsual, rows_called({"漢字", "db"}));
  (void)type(model, "/");
  (void)model.press({Key::Kind::character, U'漢'});
  (void)model.press({Key::Kind::character, U'é'});
  EXPECT_EQ(model.listing().filter(), "漢é");
  (void)model.press({Key::Kind::backspace});
  EXPECT_EQ(model.listing().filter(), "漢");
  EXPECT_THAT(shown(model), ElementsAre("漢字"));
  (void)model.press({Key::Kind::escape});
  EXPECT_EQ(model.listing().filter(), "");
}

TEST(TopModel, WithNothingSelectedNoKeyAsksForAnything) {
  Model model = model_of(kUsual, {});
  for (const char key : std::string("sxrlwo a\x7fjk")) EXPECT_FALSE(type(model, std::string(1, key))) << key;
  for (const auto kind : {Key::Kind::up, Key::Kind::page_down, Key::Kind::end, Key::Kind::enter}) {
    EXPECT_FALSE(model.press({kind}));
  }
}

TEST(TopModel, PagesScrollAndQLeavesThePageAndNotTheProgram) {
  Model model = model_of({.rows = 8, .columns = 20}, rows_called({"web"}));
  EXPECT_TRUE(std::holds_alternative<wish::ShowLog>(*type(model, "l")));
  model.show(Page("Output of web", Page::Begin::at_the_end));
  for (int n = 1; n <= 20; ++n) model.page()->append(std::to_string(n) + "\n");
  EXPECT_THAT(model.page()->shown(), ElementsAre("15", "16", "17", "18", "19", "20"));
  (void)model.press({Key::Kind::page_up});
  EXPECT_EQ(model.page()->shown().front(), "9");
  model.page()->append("21\n");
  EXPECT_EQ(model.page()->shown().front(), "9") << "who reads back is left alone";
  (void)model.press({Key::Kind::end});
  EXPECT_EQ(model.page()->shown().back(), "21");
  EXPECT_TRUE(std::holds_alternative<wish::ClosePage>(*type(model, "q")));
  EXPECT_EQ(model.page(), nullptr);
}

TEST(TopModel, HelpIsAPageThatNeedsNobody) {
  Model model = model_of(kUsual, rows_called({"web"}));
  EXPECT_FALSE(type(model, "?"));
  ASSERT_NE(model.page(), nullptr);
  EXPECT_FALSE(model.press({Key::Kind::escape}));
  EXPECT_EQ(model.page(), nullptr);
}

TEST(Page, LongLinesAreBrokenBetweenWordsAndWideCharactersAreNotHalved) {
  Page page("x", Page::Begin::at_the_top);
  page.set_size(10, 9);
  page.append("some words here\nabcdefghijkl\n漢字漢字漢\n\tx\n");
  EXPECT_THAT(page.shown(), ElementsAre("some ", "words ", "here", "abcdefghi", "jkl", "漢字漢字", "漢", "        x"));
}

TEST(Page, ALineWithoutEndGoesOnWithWhatComes) {
  Page page("x", Page::Begin::at_the_end);
  page.set_size(3, 20);
  page.append("be");
  page.append("gun\nnext");
  EXPECT_THAT(page.shown(), ElementsAre("begun", "next"));
  page.append(std::string(9'999, 'x') + "\n");
  for (std::size_t n = 0; n < 2 * Page::kMostLines; ++n) page.append("line\n");
  EXPECT_THAT(page.shown(), ElementsAre("line", "line", "line"));
}

}  // namespace
}  // namespace foster::cli::top
