#include "compat/listener.hpp"

#include <gtest/gtest.h>

namespace foster::compat {
namespace {

using enum ListenerState;
using Changes = std::vector<std::pair<ListenerState, ListenerState>>;

Listener ready_listener() {
  Listener listener;
  (void)listener.hear("READY\n");
  return listener;
}

Listener busy_listener() {
  Listener listener = ready_listener();
  listener.send();
  return listener;
}

TEST(Listener, IsReadyWhenItSaysSo) {
  Listener listener;
  EXPECT_EQ(listener.state(), acknowledged);
  EXPECT_TRUE(listener.hear("READ").changes.empty());
  EXPECT_EQ(listener.hear("Y\n").changes, (Changes{{acknowledged, ready}}));
  EXPECT_EQ(listener.state(), ready);
}

TEST(Listener, AnythingElseMakesItUnknown) {
  Listener listener;
  EXPECT_EQ(listener.hear("ready\n").changes, (Changes{{acknowledged, unknown}}));
  EXPECT_TRUE(listener.hear("READY\n").changes.empty());
  EXPECT_EQ(listener.state(), unknown);
  EXPECT_EQ(listener.memory().unread, "");
}

TEST(Listener, WhoIsReadyKeepsQuiet) {
  Listener listener = ready_listener();
  EXPECT_EQ(listener.hear("x").changes, (Changes{{ready, unknown}}));
  Listener hasty;
  EXPECT_EQ(hasty.hear("READY\nREADY\n").changes, (Changes{{acknowledged, ready}, {ready, unknown}}));
}

TEST(Listener, AnEventIsProcessedWithOk) {
  Listener listener = busy_listener();
  const auto said = listener.hear("RESULT 2\nOK");
  EXPECT_EQ(said.answer, EventAnswer::processed);
  EXPECT_EQ(said.changes, (Changes{{busy, acknowledged}}));
}

TEST(Listener, AnswersMayComeInPieces) {
  Listener listener = busy_listener();
  for (const std::string_view piece : {"RES", "ULT 2", "\n", "O"}) EXPECT_EQ(listener.hear(piece).answer, std::nullopt);
  const auto said = listener.hear("KREADY\n");
  EXPECT_EQ(said.answer, EventAnswer::processed);
  EXPECT_EQ(listener.state(), ready);
}

TEST(Listener, AnyOtherResultIsARejection) {
  for (const std::string_view text :
       {"RESULT 4\nFAIL", "RESULT 2\nKO", "RESULT 3\nOK\n", "RESULT 1\nO", "RESULT 0\n"}) {
    Listener listener = busy_listener();
    const auto said = listener.hear(text);
    EXPECT_EQ(said.answer, EventAnswer::rejected) << text;
    EXPECT_EQ(listener.state(), acknowledged) << text;
  }
}

TEST(Listener, NumbersAreReadAsPythonDoes) {
  for (const std::string_view text : {"RESULT  2 \r\nOK", "RESULT +2\nOK", "anyword2\nOK", "RESULT 0_2\nOK"}) {
    Listener listener = busy_listener();
    EXPECT_EQ(listener.hear(text).answer, EventAnswer::processed) << text;
  }
}

TEST(Listener, AResultWithoutANumberIsNone) {
  for (const std::string_view text : {"RESULT two\nOK", "RESULT\nOK", "\n", "RESULT -2\nOK", "RESULT 2.0\nOK"}) {
    Listener listener = busy_listener();
    const auto said = listener.hear(text);
    EXPECT_EQ(said.answer, EventAnswer::bad_result) << text;
    EXPECT_EQ(said.bad_line, text.substr(0, text.find('\n'))) << text;
    EXPECT_EQ(said.changes, (Changes{{busy, unknown}}));
  }
}

TEST(Listener, LittleIsKeptOfALongResult) {
  Listener listener = busy_listener();
  (void)listener.hear("RESULT 10000000\n");
  const std::string much(1'000'000, 'O');
  for (int n = 0; n < 9; ++n) EXPECT_EQ(listener.hear(much).answer, std::nullopt);
  EXPECT_LE(listener.memory().unread.size() + listener.memory().result.size(), 16);
  EXPECT_EQ(listener.hear(much).answer, EventAnswer::rejected);
}

TEST(Listener, ALineWithoutEndIsNoResult) {
  Listener listener = busy_listener();
  EXPECT_EQ(listener.hear(std::string(5000, '1')).answer, EventAnswer::bad_result);
}

TEST(Listener, GoesOnWithWhatItRemembers) {
  Listener listener = busy_listener();
  (void)listener.hear("RESULT 4\nFA");
  Listener again(listener.memory());
  EXPECT_EQ(again.hear("IL").answer, EventAnswer::rejected);
}

TEST(Listener, AnotherRunBeginsAnew) {
  Listener listener = ready_listener();
  (void)listener.hear("x");
  listener.begin();
  EXPECT_EQ(listener.memory(), Listener::Memory{});
}

TEST(Listener, WhoMayHaveGotAnEventTwiceMayAnswerTwice) {
  Listener listener = busy_listener();
  listener.send_again();
  EXPECT_EQ(listener.hear("RESULT 2\nOKREADY\n").answer, EventAnswer::processed);
  EXPECT_EQ(listener.state(), ready);
  EXPECT_TRUE(listener.hear("RES").changes.empty());
  (void)listener.hear("ULT 2\nOKREADY\n");
  EXPECT_EQ(listener.state(), ready);
  (void)listener.hear("RESULT 2\nOKREADY\n");
  EXPECT_EQ(listener.state(), unknown);
}

}  // namespace
}  // namespace foster::compat
