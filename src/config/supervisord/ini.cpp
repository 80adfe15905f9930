#include "config/supervisord/ini.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "config/supervisord/text.hpp"
#include "config/utf8.hpp"

namespace foster::config::supervisord {

namespace {

constexpr std::array kCommentSigns{';', '#'};

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\r') {
      plain += text[at];
    } else if (at + 1 == text.size() || text[at + 1] != '\n') {
      plain += '\n';
    }
  }
  return plain;
}

bool is_blank_before(std::string_view line, std::size_t at) {
  if (at == 0) return true;
  std::size_t before = at - 1;
  while (before > 0 && (static_cast<unsigned char>(line[before]) & 0xC0U) == 0x80U) --before;
  return is_space(decode_utf8(line, before).value);
}

// Where the comment behind a value begins. The n-th sign of either kind is looked at together, and the search ends with
// the first pair of which one begins a comment: a comment may so hide behind a sign of the other kind that begins none.
std::optional<std::size_t> find_inline_comment(std::string_view line) {
  std::array<std::size_t, kCommentSigns.size()> from{};
  for (;;) {
    std::optional<std::size_t> begin;
    bool is_over = true;
    for (std::size_t n = 0; n < kCommentSigns.size(); ++n) {
      if (from[n] == std::string_view::npos) continue;
      const std::size_t at = line.find(kCommentSigns[n], from[n]);
      from[n] = at == std::string_view::npos ? at : at + 1;
      if (at == std::string_view::npos) continue;
      is_over = false;
      if (is_blank_before(line, at)) begin = std::min(begin.value_or(at), at);
    }
    if (begin || is_over) return begin;
  }
}

// Where the comment begins, if there is one.
std::optional<std::size_t> find_comment(std::string_view line) {
  const std::string_view text = strip(line);
  if (!text.empty() && std::ranges::find(kCommentSigns, text.front()) != kCommentSigns.end()) return 0;
  return find_inline_comment(line);
}

std::optional<std::string_view> header_of(std::string_view value) {
  if (!value.starts_with('[')) return std::nullopt;
  const std::size_t end = value.rfind(']');
  if (end == std::string_view::npos || end < 2) return std::nullopt;
  return value.substr(1, end - 1);
}

}  // namespace

// One file, line by line.
class IniParser {
 public:
  IniParser(Ini& ini, std::size_t file) : ini_(ini), file_(file) {}

  std::vector<Diagnostic> parse() {
    const std::string& text = ini_.files_[file_].text;
    if (const auto bad = find_bad_utf8(text)) return {*bad};
    std::string_view rest = text;
    while (!rest.empty() && !is_hopeless_) {
      const std::size_t end = rest.find('\n');
      ++line_number_;
      take_line(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    finish_value();
    return std::move(diagnostics_);
  }

 private:
  [[nodiscard]] std::optional<Diagnostic> find_bad_utf8(std::string_view text) const {
    Position at{1, 1};
    if (text.starts_with("\xEF\xBB\xBF"))
      return finding(at, "the file begins with a byte order mark", "save it without one");
    for (std::size_t n = 0; n < text.size();) {
      const CodePoint point = decode_utf8(text, n);
      if (!point.valid) return finding(at, "this is not UTF-8", "save the file as UTF-8");
      if (point.value == 0) return finding(at, "the text holds a NUL byte", "");
      at = point.value == U'\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
      n += point.length;
    }
    return std::nullopt;
  }

  [[nodiscard]] Diagnostic finding(Position at, std::string message, std::string hint) const {
    Diagnostic found;
    found.file = ini_.files_[file_].path;
    found.line = at.line;
    found.column = at.column;
    found.message = std::move(message);
    found.hint = std::move(hint);
    return found;
  }

  void error(unsigned column, std::string message, std::string hint) {
    diagnostics_.push_back(finding({line_number_, column}, std::move(message), std::move(hint)));
  }

  [[nodiscard]] Place place(unsigned column) const { return {file_, {line_number_, column}}; }

  void take_line(std::string_view line) {
    const auto comment = find_comment(line);
    const std::string_view value = strip(line.substr(0, comment.value_or(line.size())));
    if (value.empty()) {
      // An empty line may stand within a value; a comment leaves no trace there.
      if (!comment && key_ != nullptr) value_ += '\n';
      return;
    }
    const std::string_view text = strip_left(line);
    const auto indent = static_cast<unsigned>(code_points(line.substr(0, line.size() - text.size())));
    if (key_ != nullptr && indent > indent_) {
      value_.append("\n").append(value);
      return;
    }
    finish_value();
    indent_ = indent;
    if (const auto header = header_of(value)) {
      begin_section(*header, indent + 1);
    } else if (section_ == nullptr) {
      error(indent + 1, "this stands before the first section",
            "a section begins with its name in brackets: [supervisord]");
      is_hopeless_ = true;
    } else {
      begin_key(value, indent + 1);
    }
  }

  void begin_section(std::string_view name, unsigned column) {
    if (name == ini_.defaults_.name) {
      section_ = &ini_.defaults_;
      return;
    }
    const auto known = std::ranges::find(ini_.sections_, name, &IniSection::name);
    if (known != ini_.sections_.end()) {
      section_ = &*known;
      return;
    }
    section_ = &ini_.sections_.emplace_back(IniSection{.name = std::string(name), .where = place(column), .keys = {}});
  }

  void begin_key(std::string_view line, unsigned column) {
    const std::size_t delimiter = line.find_first_of("=:");
    if (delimiter == std::string_view::npos) {
      return error(column, "this is neither a section nor a key", "a key is followed by \"=\" and its value");
    }
    const std::string name = lower(strip_right(line.substr(0, delimiter)));
    if (name.empty()) return error(column, "the key has no name", "");
    const std::string_view value = strip_left(line.substr(delimiter + 1));
    const auto before_value = static_cast<unsigned>(code_points(line.substr(0, line.size() - value.size())));
    auto& keys = section_->keys;
    const auto known = std::ranges::find(keys, name, &IniKey::name);
    key_ = known != keys.end() ? &*known : &keys.emplace_back();
    key_->name = name;
    key_->where = place(column);
    key_->value_at = place(column + before_value);
    value_ = value;
  }

  void finish_value() {
    if (key_ != nullptr) key_->value = strip_right(value_);
    key_ = nullptr;
    value_.clear();
  }

  Ini& ini_;
  std::size_t file_;
  IniSection* section_ = nullptr;
  IniKey* key_ = nullptr;  // whose value may go on
  std::string value_;
  unsigned indent_ = 0;
  unsigned line_number_ = 0;
  bool is_hopeless_ = false;
  std::vector<Diagnostic> diagnostics_;
};

const IniKey* IniSection::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key, &IniKey::name);
  return found == keys.end() ? nullptr : &*found;
}

std::vector<Diagnostic> Ini::read(std::string path, std::string_view text) {
  files_.push_back({std::move(path), with_plain_line_ends(text)});
  return IniParser(*this, files_.size() - 1).parse();
}

const IniSection* Ini::find(std::string_view section) const {
  const auto found = std::ranges::find(sections_, section, &IniSection::name);
  return found == sections_.end() ? nullptr : &*found;
}

const IniKey* Ini::find(const IniSection& section, std::string_view key) const {
  if (const IniKey* own = section.find(key)) return own;
  return defaults_.find(key);
}

void Ini::replace_in_values(std::size_t file, std::string_view what, std::string_view by) {
  const auto replace = [&](IniSection& section) {
    for (IniKey& key : section.keys) {
      if (key.where.file != file) continue;
      for (std::size_t at = key.value.find(what); at != std::string::npos; at = key.value.find(what, at + by.size())) {
        key.value.replace(at, what.size(), by);
      }
    }
  };
  for (IniSection& section : sections_) replace(section);
  replace(defaults_);
}

}  // namespace foster::config::supervisord
