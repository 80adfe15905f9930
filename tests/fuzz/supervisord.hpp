// What must hold for any bytes that are read as a supervisord.conf: for the fuzzers, and for short seeded runs.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "config/shell_words.hpp"
#include "config/supervisord/expansion.hpp"
#include "config/supervisord/ini.hpp"
#include "config/supervisord/shlex.hpp"
#include "config/supervisord/text.hpp"
#include "config/supervisord/values.hpp"
#include "config/utf8.hpp"

namespace foster::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Values are stripped, places lie in the text, and what was read is read the same again.
inline void check_supervisord_ini(std::string_view text) {
  using namespace config::supervisord;
  Ini ini;
  auto findings = ini.read("a.conf", std::string(text));
  config::attach_source(findings, ini.files()[0].text);
  for (const config::Diagnostic& finding : findings) require(!finding.message.empty() && finding.line != 0);
  (void)config::render(findings);
  if (!findings.empty()) return;
  std::string written;
  for (const IniSection& section : ini.sections()) {
    if (section.name.contains(" ;") || section.name.contains(" #")) return;
    written += "[" + section.name + "]\n";
    for (const IniKey& key : section.keys) {
      require(key.name == lower(key.name) && key.value == strip_right(key.value));
      require(key.where.at.line >= section.where.at.line || key.where.file != 0);
      if (!key.value.contains('\n') && !key.name.starts_with('[')) written += key.name + "=" + key.value + "\n";
    }
  }
  ini.replace_in_values(0, "%(here)s", "/etc");
  Ini again;
  require(again.read("b.conf", written).empty());
  for (const IniSection& section : again.sections()) require(ini.find(section.name) != nullptr);
}

/// A text is what it was when its percent signs are doubled; nothing grows without bounds.
inline void check_supervisord_expansion(std::string_view text) {
  using namespace config::supervisord;
  const Expansions names{{"here", "/etc"}, {"process_num", std::int64_t{-7}}, {"ENV_É", "ü"}};
  const auto expanded = expand(text, names);
  if (expanded) require(expanded->text.size() <= (std::size_t{1} << 20));
  if (!expanded) require(!expanded.error().message.empty());
  std::string doubled;
  for (const char c : text) doubled.append(c == '%' ? 2 : 1, c);
  if (doubled.size() > (std::size_t{1} << 20)) return;
  const auto same = expand(doubled, names);
  require(same && same->text == text && !same->has_nameless);
}

/// Words that are quoted come back, and no value is taken for what it is not.
inline void check_supervisord_values(std::string_view text) {
  using namespace config::supervisord;
  if (const auto words = lex(text, {})) require(lex(config::join_words(*words), {}) == words);
  if (const auto variables = parse_environment(text)) {
    for (std::size_t n = 0; n < variables->size(); ++n) {
      for (std::size_t m = 0; m < n; ++m) require((*variables)[n].first != (*variables)[m].first);
    }
  }
  if (const auto number = parse_integer(text)) require(parse_integer(std::to_string(*number)) == number);
  (void)parse_bytes(text);
  (void)parse_octal(text);
  (void)parse_stop_signal(text);
  (void)parse_exit_codes(text);
  (void)parse_auto_restart(text);
  (void)parse_inet_address(text);
  (void)parse_url(text);
  (void)split_blanks(text);
  (void)parse_list(text);
}

}  // namespace foster::fuzz
