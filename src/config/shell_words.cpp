#include "config/shell_words.hpp"

#include <algorithm>
#include <array>

namespace foster::config {

namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// One character of a command, and whether a quote took its meaning away.
struct Letter {
  char character;
  bool quoted;
  bool in_double_quotes = false;
};

struct Word {
  std::vector<Letter> letters;
};

// One pass over the command; it both splits and tells what was quoted.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::optional<std::vector<Word>> split() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      const bool done = c == '\'' ? single_quotes() : c == '"' ? double_quotes() : c == '\\' ? escaped() : plain(c);
      if (!done) return std::nullopt;
    }
    end_word();
    return std::move(words_);
  }

 private:
  bool single_quotes() {
    in_word_ = true;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\'') return true;
      word_.letters.push_back({.character = c, .quoted = true});
    }
    return false;
  }

  bool double_quotes() {
    in_word_ = true;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\' && at_ < text_.size() && std::string_view("$`\"\\\n").contains(text_[at_])) {
        const char next = text_[at_++];
        if (next != '\n') word_.letters.push_back({.character = next, .quoted = true});
      } else {
        word_.letters.push_back({.character = c, .quoted = false, .in_double_quotes = true});
      }
    }
    return false;
  }

  bool escaped() {
    if (at_ == text_.size()) return false;
    const char next = text_[at_++];
    if (next == '\n') return true;
    in_word_ = true;
    word_.letters.push_back({.character = next, .quoted = true});
    return true;
  }

  bool plain(char c) {
    if (is_blank(c)) {
      // An unquoted newline ends a command, but not behind or before it.
      if (c == '\n') newline_ = true;
      end_word();
      return true;
    }
    in_word_ = true;
    if (newline_ && !words_.empty()) word_.letters.push_back({.character = '\n', .quoted = false});
    newline_ = false;
    word_.letters.push_back({.character = c, .quoted = false});
    return true;
  }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_ = {};
    in_word_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Word> words_;
  Word word_;
  bool in_word_ = false;
  bool newline_ = false;
};

std::string text_of(const Word& word) {
  std::string text;
  for (const Letter& letter : word.letters) {
    if (letter.character != '\n' || letter.quoted || letter.in_double_quotes) text += letter.character;
  }
  return text;
}

// What a shell would act on: everywhere, inside double quotes, and at the beginning of a word.
constexpr std::string_view kMetacharacters = "|&;<>()$`*?[{}\n";
constexpr std::string_view kInDoubleQuotes = "$`";
constexpr std::string_view kAtWordBegin = "~#";

bool has_shell_meaning(const Word& word) {
  for (std::size_t n = 0; n < word.letters.size(); ++n) {
    const Letter& letter = word.letters[n];
    if (letter.quoted) continue;
    if (letter.in_double_quotes ? kInDoubleQuotes.contains(letter.character)
                                : kMetacharacters.contains(letter.character)) {
      return true;
    }
    if (n == 0 && !letter.in_double_quotes && kAtWordBegin.contains(letter.character)) return true;
  }
  return false;
}

bool is_assignment(const Word& word) {
  for (std::size_t n = 0; n < word.letters.size(); ++n) {
    const Letter& letter = word.letters[n];
    if (letter.quoted || letter.in_double_quotes) return false;
    const char c = letter.character;
    if (c == '=') return n > 0;
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!is_letter && !(n > 0 && c >= '0' && c <= '9')) return false;
  }
  return false;
}

// Words that are no programs, or whose program would not do what is meant: `cd` in a process of its
// own changes nothing. Those that exist as programs too (echo, test, true, kill…) run directly.
constexpr std::array kShellWords = std::to_array<std::string_view>(
    {"!",    ".",    ":",       "alias", "bg",     "break", "case",    "cd",       "command", "continue", "do",
     "done", "elif", "else",    "esac",  "eval",   "exec",  "exit",    "export",   "fc",      "fg",       "fi",
     "for",  "hash", "getopts", "if",    "jobs",   "read",  "return",  "readonly", "set",     "shift",    "source",
     "then", "trap", "times",   "type",  "ulimit", "umask", "unalias", "unset",    "until",   "while"});

bool is_quoted_anywhere(const Word& word) {
  return std::ranges::any_of(word.letters, [](const Letter& l) { return l.quoted || l.in_double_quotes; });
}

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_@%+=:,./-").contains(c);
}

std::string shell_quoted(std::string_view word) {
  if (!word.empty() && std::ranges::all_of(word, is_safe)) return std::string(word);
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view command) {
  const auto words = Splitter(command).split();
  if (!words) return std::nullopt;
  std::vector<std::string> texts;
  for (const Word& word : *words) texts.push_back(text_of(word));
  return texts;
}

bool needs_shell(std::string_view command) {
  const auto words = Splitter(command).split();
  if (!words) return true;
  if (words->empty()) return false;
  if (std::ranges::any_of(*words, has_shell_meaning)) return true;
  const Word& first = words->front();
  return is_assignment(first) ||
         (!is_quoted_anywhere(first) && std::ranges::find(kShellWords, text_of(first)) != kShellWords.end());
}

std::string join_words(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty() || &word != &words.front()) text += ' ';
    text += shell_quoted(word);
  }
  return text;
}

}  // namespace foster::config
