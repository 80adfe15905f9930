// Buffered output to one descriptor. A reader that has gone is no error: the rest is dropped, and whoever
// produces it can ask.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace foster::cli {

class Output {
 public:
  /// Writes to this descriptor, which stays the caller's. -1: keeps everything, for tests.
  explicit Output(int fd) : fd_(fd) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { flush(); }

  void write(std::string_view bytes);

  template <class... Arguments>
  void print(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    print_arguments(format, fmt::make_format_args(arguments...));
  }

  /// Hands on what is buffered.
  void flush();

  /// Nobody reads any more: going on is of no use.
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  [[nodiscard]] bool is_terminal() const;
  /// What was kept.
  [[nodiscard]] const std::string& kept() const { return buffer_; }

 private:
  static constexpr std::size_t kEnough = 64 * 1024;

  // All of {fmt} is behind this: it is compiled once here, not in every file that prints.
  void print_arguments(fmt::string_view format, fmt::format_args arguments);

  int fd_;
  std::string buffer_;
  bool is_broken_ = false;
};

}  // namespace foster::cli
