// Output as lines of the system's log: each whole line once, behind the name of who wrote it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sys/system_log.hpp"

namespace foster::logs {

class SystemLogLines {
 public:
  SystemLogLines(std::shared_ptr<sys::SystemLog> log, std::string name)
      : log_(std::move(log)), prefix_(std::move(name) + " ") {}

  /// Sends the lines that end in it; the beginning of the next one is kept. A line that is too long is sent in parts.
  void add(std::string_view text);
  /// No more comes: what was begun is a line, too.
  void finish();

 private:
  void send(std::string_view line) { log_->send(prefix_ + std::string(line)); }

  std::shared_ptr<sys::SystemLog> log_;
  std::string prefix_;
  std::string begun_;
};

}  // namespace foster::logs
