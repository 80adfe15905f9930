// The screen at several sizes, as people see it.
#include "cli/top/layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/top/columns.hpp"
#include "cli/top/frame.hpp"
#include "unit/cli/top_support.hpp"

namespace foster::cli::top {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<Row> a_few() {
  std::vector<Row> rows = rows_called({"web", "database-of-the-shop"});
  rows.push_back(row_called("cron", core::State::stopped));
  rows.push_back(row_called("broken", core::State::failed));
  rows.back().restarts = 5;
  return rows;
}

/// After a second in which "web" has used half of a processor.
Model busy(Size size) {
  auto rows = a_few();
  Model model = model_of(size, rows);
  rows[0].cpu = 1.5;
  model.take(rows, 11s, kNow);
  return model;
}

TEST(TopLayout, EightyColumnsShowWhatMatters) {
  EXPECT_EQ(text_of(draw(busy({.rows = 10, .columns = 80}))),
            R"(foster shop  4 services: 2 running, 1 stopped, 1 failed
  NAME                  STATE        CPU  LATELY       MEMORY  RESTARTS   UPTIME
> web                   running    50.0%          ▄   12.3 MB         0    1m 5s
  database-of-the-shop  running     0.0%              12.3 MB         0    1m 5s
  cron                  stopped        -                    -         0        -
  broken                failed         -                    -         5        -


web: because of web
q quit  ? help  s start  x stop  r restart  l logs  w why  o order  / find
)");
}

TEST(TopLayout, AWideScreenShowsAllColumnsAndTheTotals) {
  EXPECT_EQ(
      text_of(draw(busy({.rows = 8, .columns = 140}))),
      R"(foster shop  4 services: 2 running, 1 stopped, 1 failed                                                            cpu 50.0%  memory 24.6 MB
  NAME                  STATE         PID     CPU  LATELY                      MEMORY  RESTARTS   UPTIME  WHY
> web                   running      4711   50.0%                         ▄   12.3 MB         0    1m 5s  because of web
  database-of-the-shop  running      4711    0.0%                             12.3 MB         0    1m 5s  because of database-of-the-shop
  cron                  stopped         -       -                                   -         0        -  because of cron
  broken                failed          -       -                                   -         5        -  because of broken
web: because of web
q quit  ? help  s start  x stop  r restart  l logs  w why  o order  / find  space mark  a all
)");
}

TEST(TopLayout, ANarrowScreenShowsWhoAndHow) {
  EXPECT_EQ(text_of(draw(busy({.rows = 6, .columns = 30}))),
            R"(foster shop  4 services: 2 ru…
  NAME                STATE
> web                 running
  database-of-the-s…  running
web: because of web
q quit  ? help  s start
)");
}

TEST(TopLayout, NoRowIsWiderThanTheScreenAndNoSizeIsTooSmall) {
  std::vector<Row> rows = a_few();
  rows.push_back(row_called(std::string(300, 'n')));
  rows.push_back(row_called("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"));
  rows.back().cause = "\x1b[31m\n" + std::string(500, 'c');
  for (std::size_t height = 0; height <= 12; ++height) {
    for (std::size_t width = 0; width <= 130; ++width) {
      Model model = model_of({.rows = height, .columns = width}, rows);
      for (const char* keys : {"", "ax", "n?", "q/web"}) {
        (void)type(model, keys);
        const Grid grid = draw(model);
        ASSERT_EQ(grid.size(), (Size{.rows = height, .columns = width}));
        for (const std::string& line : lines_of(grid)) ASSERT_LE(display_width(line), width) << line;
      }
    }
  }
}

TEST(TopLayout, TheSelectedServiceIsAlwaysInSight) {
  std::vector<std::string> names;
  for (int n = 0; n < 1000; ++n) names.push_back("service-" + std::to_string(n));
  for (const std::size_t height : {1U, 2U, 3U, 4U, 5U, 24U}) {
    Model model = model_of({.rows = height, .columns = 40}, rows_called(names));
    for (const auto kind :
         {Key::Kind::end, Key::Kind::page_up, Key::Kind::up, Key::Kind::home, Key::Kind::page_down, Key::Kind::down}) {
      (void)model.press({kind});
      const std::string wanted = "> " + model.listing().selected_row()->name;
      EXPECT_THAT(text_of(draw(model)), HasSubstr(wanted)) << height;
    }
    model.resize({.rows = 2, .columns = 40});
    EXPECT_THAT(text_of(draw(model)), HasSubstr("> " + model.listing().selected_row()->name));
  }
}

TEST(TopLayout, NoServicesAreSaidToBeNone) {
  EXPECT_THAT(text_of(draw(model_of({.rows = 10, .columns = 80}, {}))), HasSubstr("\n  shop runs no services\n"));
  Model model = model_of({.rows = 10, .columns = 80}, rows_called({"web"}));
  (void)type(model, "/xyz");
  EXPECT_THAT(text_of(draw(model)), HasSubstr("no service's name contains xyz"));
  EXPECT_THAT(text_of(draw(model)), HasSubstr("\nfind: xyz_\n"));
}

TEST(TopLayout, BeforeTheFirstAnswerNothingIsClaimed) {
  Model model("shop", 0s);
  model.resize({.rows = 10, .columns = 80});
  EXPECT_THAT(text_of(draw(model)), Not(HasSubstr("runs no services")));
}

TEST(TopLayout, QuestionsAndErrorsAreSeenOnTheSmallestScreen) {
  Model model = model_of({.rows = 1, .columns = 30}, rows_called({"web", "db"}));
  EXPECT_EQ(text_of(draw(model)), "> web   running        -\n");
  (void)type(model, "ax");
  EXPECT_EQ(text_of(draw(model)), "stop all 2 services? y/n\n");
  (void)type(model, "n");
  model.say({Message::Tone::failed, "web did not stop"});
  EXPECT_EQ(text_of(draw(model)), "web did not stop\n");
  (void)type(model, "j");
  EXPECT_EQ(text_of(draw(model)), ">*db    running        -\n");
}

TEST(TopLayout, ALostFosterIsSaidToBeLost) {
  Model model = model_of({.rows = 10, .columns = 80}, rows_called({"web"}));
  model.lose("shop has ended; waiting for it to come back");
  EXPECT_THAT(text_of(draw(model)), HasSubstr("\nshop has ended; waiting for it to come back\n"));
  model.say({Message::Tone::told, "web stopped"});
  EXPECT_THAT(text_of(draw(model)), StartsWith("shop has ended; waiting for it to come back\n"));
  EXPECT_THAT(text_of(draw(model)), HasSubstr("\nweb stopped\n"));
  (void)type(model, "j");
  model.take(rows_called({"web"}), 12s, kNow);
  EXPECT_THAT(text_of(draw(model)), HasSubstr("\nweb: because of web\n"));
}

TEST(TopLayout, TheSelectionIsReversedAndAlsoMarkedForThoseWhoDoNotSeeThat) {
  const Grid grid = draw(model_of({.rows = 10, .columns = 80}, rows_called({"web", "db"})));
  EXPECT_TRUE(grid.at(2, 0).style.is_reversed);
  EXPECT_TRUE(grid.at(2, 79).style.is_reversed);
  EXPECT_FALSE(grid.at(3, 0).style.is_reversed);
  EXPECT_EQ(grid.at(2, 0).text, ">");
}

TEST(TopLayout, StatesHaveTheirColours) {
  const Grid grid = draw(model_of({.rows = 10, .columns = 80}, a_few()));
  const auto state_column = choose_columns(80, 20)[1].begin;
  EXPECT_EQ(grid.at(3, state_column).style.colour, Colour::green);
  EXPECT_EQ(grid.at(4, state_column).style.colour, Colour::grey);
  EXPECT_EQ(grid.at(5, state_column).style.colour, Colour::red);
}

TEST(TopLayout, AsTextAllServicesAreThereHoweverMany) {
  std::vector<std::string> names;
  for (int n = 0; n < 1000; ++n) names.push_back("service-" + std::to_string(n));
  const auto lines = lines_of(draw_all(model_of({.rows = 24, .columns = 80}, rows_called(names))));
  EXPECT_EQ(lines.size(), 1002U);
  EXPECT_THAT(lines.back(), HasSubstr("service-999 "));
}

TEST(TopColumns, LessRoomShowsFewerAndTheNameStays) {
  const auto fields = [](std::size_t width) {
    std::vector<Field> all;
    for (const Column& column : choose_columns(width, 12)) all.push_back(column.field);
    return all;
  };
  EXPECT_THAT(fields(10), ElementsAre(Field::name));
  EXPECT_THAT(fields(40), ElementsAre(Field::name, Field::state, Field::cpu));
  EXPECT_THAT(fields(80), ElementsAre(Field::name, Field::state, Field::pid, Field::cpu, Field::graph, Field::memory,
                                      Field::restarts, Field::uptime));
  EXPECT_THAT(fields(120).back(), Field::why);
  for (std::size_t width = 0; width < 200; ++width) {
    const auto columns = choose_columns(width, 30);
    EXPECT_LE(columns.back().begin + columns.back().width, std::max<std::size_t>(width, 2)) << width;
  }
}

TEST(TopFrame, RoomGoesToTheServicesFirst) {
  const auto rows = [](std::size_t height) {
    return frame_of({.rows = height, .columns = 80}, Shows::services).body_rows;
  };
  EXPECT_EQ(rows(0), 0U);
  EXPECT_EQ(rows(1), 1U);
  EXPECT_EQ(rows(2), 2U);
  EXPECT_EQ(rows(3), 2U);
  EXPECT_EQ(rows(5), 2U);
  EXPECT_EQ(rows(24), 20U);
  EXPECT_EQ(frame_of({.rows = 24, .columns = 80}, Shows::page).body_rows, 22U);
}

}  // namespace
}  // namespace foster::cli::top
