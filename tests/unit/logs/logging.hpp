// A service's FIFO and its log in one directory, and the log as a reader of all files would see it.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "logs/pump.hpp"
#include "support/temporary_directory.hpp"
#include "sys/fifo.hpp"
#include "sys/files.hpp"

namespace foster::logs {

class Logging {
 public:
  Logging() { service = sys::FifoReader::make(directory.fd(), "out")->open_for_service(directory.fd(), "out").value(); }

  [[nodiscard]] Pump new_pump(Rotation rotation) const {
    return {sys::FifoReader::open(directory.fd(), "out").value(), LogFile(directory.fd(), "web.log", rotation)};
  }

  void say(std::string_view text) const { ASSERT_TRUE(sys::write_all(service, text)); }

  [[nodiscard]] std::string log(unsigned number = 0) const {
    return testing::contents_of(directory.path("web.log") + (number > 0 ? "." + std::to_string(number) : ""));
  }

  /// All kept files, oldest first.
  [[nodiscard]] std::string everything() const {
    std::string text;
    for (unsigned number = 200; number-- > 0;) text += log(number);
    return text;
  }

  testing::TemporaryDirectory directory;
  UniqueFd service;
};

/// A line of random length with a number that tells it from all others.
inline std::string random_line(std::mt19937& random, unsigned number, unsigned longest) {
  return std::to_string(number) + ":" + std::string(random() % longest, static_cast<char>('a' + number % 26)) + "\n";
}

}  // namespace foster::logs
