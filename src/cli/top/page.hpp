// Text to be read on the screen, line by line: output of a service, why it is in its state, or help.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace foster::cli::top {

class Page {
 public:
  /// Of so many lines of others, the oldest are dropped.
  static constexpr std::size_t kMostLines = 2'000;

  enum class Begin : std::uint8_t { at_the_top, at_the_end };
  Page(std::string title, Begin begin) : title_(std::move(title)), follows_(begin == Begin::at_the_end) {}

  [[nodiscard]] const std::string& title() const { return title_; }
  /// Appends what was written, whole lines or not.
  void append(std::string_view text);
  void clear();

  /// Lines are broken where the screen ends.
  void set_size(std::size_t rows, std::size_t columns);
  /// Back, or forward; at its end the page goes on with what comes.
  void move(std::ptrdiff_t rows);
  void move_to_top();
  void move_to_end() { follows_ = true; }
  [[nodiscard]] bool follows() const { return follows_; }

  /// What the screen shows now.
  [[nodiscard]] std::vector<std::string> shown() const;
  [[nodiscard]] bool is_empty() const { return lines_.empty(); }

 private:
  [[nodiscard]] std::vector<std::string> broken() const;

  std::string title_;
  std::deque<std::string> lines_;
  bool is_open_ = false;  ///< The last line has no end yet.
  bool follows_;
  std::size_t first_ = 0;  ///< Of the broken lines, while it does not follow.
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace foster::cli::top
