#include "compat/log_window.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_directory.hpp"

namespace foster::compat {
namespace {

struct LogWindow : ::testing::Test {
  foster::testing::TemporaryDirectory place;
  std::string path = place.path("log");
  LogWindow() { foster::testing::write_file(path, "0123456789"); }
};

TEST_F(LogWindow, ReadsFromAnOffsetOrTheEnd) {
  EXPECT_EQ(read_window(path, 0, 0), "0123456789");
  EXPECT_EQ(read_window(path, 4, 0), "456789");
  EXPECT_EQ(read_window(path, 4, 3), "456");
  EXPECT_EQ(read_window(path, 8, 1'000'000'000'000), "89");
  EXPECT_EQ(read_window(path, -3, 0), "789");
  EXPECT_EQ(read_window(path, -300, 0), "0123456789");
  EXPECT_EQ(read_window(path, 10, 0), "");
  EXPECT_EQ(read_window(path, INT64_MAX, 5), "");
  EXPECT_EQ(read_window(path, INT64_MIN + 1, 0), "0123456789");
}

TEST_F(LogWindow, WhatCannotBeReadHasACause) {
  EXPECT_EQ(read_window(path, 0, -1).error().code, FaultCode::bad_arguments);
  EXPECT_EQ(read_window(path, -1, 1).error().code, FaultCode::bad_arguments);
  EXPECT_EQ(read_window(place.path("none"), 0, 0).error().code, FaultCode::no_file);
  EXPECT_EQ(read_window(place.path(""), 0, 0).error().code, FaultCode::failed);
}

TEST_F(LogWindow, WhatGoesByCannotBeReadAgain) {
  const std::string fifo = place.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(read_window(fifo, 0, 0).error().code, FaultCode::failed);
  EXPECT_EQ(read_window("/dev/null", 0, 0), "");
  EXPECT_EQ(tail_window(fifo, 3, 10).offset, 3);
  EXPECT_EQ(tail_window(place.path("none"), 3, 10).offset, 0);
}

TEST_F(LogWindow, TheTailTellsWhereItEnds) {
  const auto tail = [&](std::int64_t offset, std::int64_t length) {
    const auto window = tail_window(path, offset, length);
    EXPECT_EQ(window.offset, 10);
    return window.text + (window.has_overflow ? " and more" : "");
  };
  EXPECT_EQ(tail(0, 3), "789 and more");
  EXPECT_EQ(tail(7, 3), "789");
  EXPECT_EQ(tail(8, 3), "789");
  EXPECT_EQ(tail(10, 3), "");
  EXPECT_EQ(tail(0, 100), "0123456789");
  EXPECT_EQ(tail(0, 0), " and more");
  EXPECT_EQ(tail(INT64_MAX, INT64_MAX), "");
  EXPECT_TRUE(tail_window(place.path("none"), 0, 5).text.empty());
}

}  // namespace
}  // namespace foster::compat
