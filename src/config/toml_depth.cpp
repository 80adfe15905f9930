#include "config/toml_depth.hpp"

#include <algorithm>

#include "config/utf8.hpp"

namespace foster::config {

namespace {

// Skips what cannot hold a key. Text that is not closed ends where TOML says it must; the library
// reports it.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<Position> find() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_text(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        ++at_;
        if (c == '.' && ++parts_ >= kMaxDottedParts) return position();
        if (std::string_view("=,[]{}\n").contains(c)) parts_ = 0;
      }
    }
    return std::nullopt;
  }

 private:
  void skip_text(char quote) {
    const std::string_view rest = text_.substr(at_);
    const bool is_multi_line = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
    at_ += is_multi_line ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !is_multi_line) return;
      if (c == '\\' && quote == '"') {
        at_ += 2;
        continue;
      }
      if (c == quote && (!is_multi_line || text_.substr(at_).starts_with(std::string(3, quote)))) {
        at_ += is_multi_line ? 3 : 1;
        return;
      }
      ++at_;
    }
  }

  [[nodiscard]] Position position() const {
    const std::string_view before = text_.substr(0, at_ - 1);
    const std::size_t newline = before.rfind('\n');
    const std::string_view line = newline == std::string_view::npos ? before : before.substr(newline + 1);
    return {.line = static_cast<unsigned>(std::ranges::count(before, '\n') + 1),
            .column = static_cast<unsigned>(code_points(line) + 1)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned parts_ = 0;
};

}  // namespace

std::optional<Position> find_deep_dotted_key(std::string_view text) {
  return Scanner(text).find();
}

}  // namespace foster::config
