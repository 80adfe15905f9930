#include "config/supervisord/shlex.hpp"

#include <optional>

#include "config/utf8.hpp"

namespace foster::config::supervisord {

namespace {

bool is_blank(std::string_view character) {
  return character == " " || character == "\t" || character == "\r" || character == "\n";
}

bool is_quote(std::string_view character) {
  return character == "'" || character == "\"";
}

class Lexer {
 public:
  Lexer(std::string_view text, const LexOptions& options) : rest_(text), options_(options) {}

  Parsed<std::vector<std::string>> run() {
    while (!rest_.empty()) {
      if (auto problem = take_character()) return std::unexpected(std::move(*problem));
    }
    end_word();
    return std::move(words_);
  }

 private:
  [[nodiscard]] bool is_posix() const { return options_.mode == LexOptions::Mode::posix; }

  std::string_view take() {
    const std::string_view character = rest_.substr(0, decode_utf8(rest_, 0).length);
    rest_.remove_prefix(character.size());
    return character;
  }

  [[nodiscard]] bool is_letter(std::string_view character) const {
    const char c = character.front();
    return character.size() > 1 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || options_.further_letters.contains(c);
  }

  void end_word() {
    if (word_) words_.push_back(std::move(*word_));
    word_.reset();
  }

  void add(std::string_view text) {
    if (!word_) word_.emplace();
    word_->append(text);
  }

  std::optional<BadValue> take_character() {
    const std::string_view character = take();
    if (is_blank(character)) {
      end_word();
    } else if (options_.knows_comments && character == "#") {
      if (is_posix() || !word_) end_word();
      const std::size_t end = rest_.find('\n');
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    } else if (is_posix() && character == "\\") {
      if (rest_.empty()) return BadValue{"a backslash at the end quotes nothing", ""};
      add(take());
    } else if (is_quote(character) && (is_posix() || !word_)) {
      return take_quoted(character);
    } else if (options_.splits_at_blanks_only || is_letter(character) || (is_quote(character) && word_)) {
      add(character);
    } else {
      end_word();
      words_.emplace_back(character);
    }
    return std::nullopt;
  }

  // In the old mode a quoted piece is a word with its quotes, and the next character begins another.
  std::optional<BadValue> take_quoted(std::string_view quote) {
    add(is_posix() ? "" : quote);
    while (!rest_.empty()) {
      const std::string_view character = take();
      if (character == quote) {
        if (is_posix()) return std::nullopt;
        add(quote);
        end_word();
        return std::nullopt;
      }
      if (is_posix() && character == "\\" && quote == "\"") {
        if (rest_.empty()) break;
        const std::string_view next = take();
        if (next != "\"" && next != "\\") add(character);
        add(next);
      } else {
        add(character);
      }
    }
    return BadValue{"a quote is not closed", ""};
  }

  std::string_view rest_;
  const LexOptions& options_;
  std::optional<std::string> word_;
  std::vector<std::string> words_;
};

}  // namespace

Parsed<std::vector<std::string>> lex(std::string_view text, const LexOptions& options) {
  return Lexer(text, options).run();
}

}  // namespace foster::config::supervisord
