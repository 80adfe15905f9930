#include "config/env_file.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "config/utf8.hpp"

namespace foster::config {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view path) : text_(text), path_(path) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = line_begin_ = 3;
  }

  EnvFile parse() {
    while (at_ < text_.size()) {
      parse_line();
      skip_line();
    }
    attach_source(result_.diagnostics, text_);
    return std::move(result_);
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  [[nodiscard]] bool at_line_end() const { return peek() == '\n' || (peek() == '\r' && next_is_newline()); }
  [[nodiscard]] bool next_is_newline() const { return at_ + 1 >= text_.size() || text_[at_ + 1] == '\n'; }

  void advance() {
    if (text_[at_++] == '\n') {
      ++line_;
      line_begin_ = at_;
    }
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    if (at_ < text_.size()) advance();
  }

  [[nodiscard]] Position position(std::size_t at) const {
    return {.line = line_,
            .column = static_cast<unsigned>(code_points(text_.substr(line_begin_, at - line_begin_)) + 1)};
  }

  void report(Position where, std::string message, std::string hint) {
    result_.diagnostics.push_back({.file = std::string(path_),
                                   .line = where.line,
                                   .column = where.column,
                                   .message = std::move(message),
                                   .hint = std::move(hint),
                                   .severity = Severity::error});
  }

  void parse_line() {
    skip_blanks();
    if (at_line_end() || peek() == '#') return;
    const Position begin = position(at_);
    std::string_view name = take_name();
    if (name == "export" && is_blank(peek())) {
      skip_blanks();
      name = take_name();
    }
    skip_blanks();
    if (name.empty() || peek() != '=')
      return report(begin, "this is not KEY=VALUE", "write KEY=VALUE, or # before a comment");
    ++at_;
    skip_blanks();
    const Position value_begin = position(at_);
    auto value = take_value(value_begin);
    if (!value) return;
    if (!is_utf8(*value)) return report(value_begin, "the value is not UTF-8", {});
    if (value->contains('\0')) return report(value_begin, "the value holds a NUL byte", {});
    set(name, std::move(*value));
  }

  std::string_view take_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_letter(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::optional<std::string> take_value(Position begin) {
    const char quote = peek();
    if (quote != '"' && quote != '\'') return take_plain();
    ++at_;
    auto value = quote == '"' ? take_double_quoted() : take_single_quoted();
    if (!value) {
      report(begin, "the quote is not closed", fmt::format("end the value with {}", quote));
      return std::nullopt;
    }
    skip_blanks();
    if (!at_line_end() && peek() != '#') {
      report(position(at_), "something follows the closing quote", "only a comment may follow");
      return std::nullopt;
    }
    return value;
  }

  std::string take_plain() {
    const std::size_t begin = at_;
    while (!at_line_end() && !(peek() == '#' && at_ > begin && is_blank(text_[at_ - 1]))) {
      if (peek() == '#' && at_ == begin) break;
      ++at_;
    }
    std::string_view value = text_.substr(begin, at_ - begin);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    return std::string(value);
  }

  std::optional<std::string> take_single_quoted() {
    std::string value;
    for (; at_ < text_.size(); advance()) {
      if (text_[at_] == '\'') {
        ++at_;
        return value;
      }
      value += text_[at_];
    }
    return std::nullopt;
  }

  std::optional<std::string> take_double_quoted() {
    std::string value;
    for (; at_ < text_.size(); advance()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return value;
      }
      if (c != '\\') {
        value += c;
        continue;
      }
      ++at_;
      if (at_ == text_.size()) return std::nullopt;
      append_escaped(value, text_[at_]);
    }
    return std::nullopt;
  }

  static void append_escaped(std::string& value, char c) {
    switch (c) {
      case 'n':
        value += '\n';
        break;
      case 't':
        value += '\t';
        break;
      case 'r':
        value += '\r';
        break;
      case '\n':
        break;
      case '"':
      case '\\':
      case '$':
      case '`':
        value += c;
        break;
      default:
        value += '\\';
        value += c;
    }
  }

  void set(std::string_view name, std::string value) {
    const auto known = std::ranges::find(result_.variables, name,
                                         [](const auto& variable) { return std::string_view(variable.first); });
    if (known != result_.variables.end()) {
      known->second = std::move(value);
    } else {
      result_.variables.emplace_back(name, std::move(value));
    }
  }

  std::string_view text_;
  std::string_view path_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
  std::size_t line_begin_ = 0;
  EnvFile result_;
};

}  // namespace

EnvFile parse_env_file(std::string_view text, std::string_view path_for_messages) {
  return Parser(text, path_for_messages).parse();
}

bool is_environment_name(std::string_view name) {
  return !name.empty() && !name.contains('=') && !name.contains('\0');
}

}  // namespace foster::config
