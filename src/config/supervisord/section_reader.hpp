// Takes the keys of one section for what they mean, and reports what is wrong with them where it stands.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/supervisord/expansion.hpp"
#include "config/supervisord/ini.hpp"
#include "config/supervisord/sections.hpp"
#include "config/values.hpp"

namespace foster::config::supervisord {

/// What was found so far. A finding that is made again, as for each process of a program, is kept once.
class Findings {
 public:
  explicit Findings(const Ini& ini) : ini_(ini) {}

  void report(Severity severity, Place where, std::string key, std::string message, std::string hint);
  void add(std::vector<Diagnostic> diagnostics);
  [[nodiscard]] bool has_error() const;
  /// By file and position, with their lines.
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  const Ini& ini_;
  std::vector<Diagnostic> diagnostics_;
};

/// Attaches the lines of these files, and sorts.
void finish_diagnostics(std::vector<Diagnostic>& diagnostics, const std::vector<IniFile>& files);

class SectionReader {
 public:
  /// All but the names must outlive the reader.
  SectionReader(Findings& findings, const Ini& ini, const IniSection& section, Expansions names)
      : findings_(findings), ini_(ini), section_(section), names_(std::move(names)) {}

  [[nodiscard]] const IniSection& section() const { return section_; }
  /// What follows the first colon of its name.
  [[nodiscard]] std::string_view name() const;
  /// What %(…)s may name from now on.
  [[nodiscard]] Expansions& names() { return names_; }
  [[nodiscard]] bool is_given(std::string_view key) const { return ini_.find(section_, key) != nullptr; }

  /// As written.
  [[nodiscard]] std::optional<std::string> raw(std::string_view key) const;
  /// Expanded. Empty where it is not given, or cannot be expanded, which is then reported.
  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  /// Expanded, and what comes out once more where that can be done: versions differ.
  [[nodiscard]] std::optional<std::string> text_expanded_twice(std::string_view key);

  /// Read by `parse`, a function from text to Parsed<…>; empty where it is not given or wrong.
  template <class Parse>
  auto optional(std::string_view key, Parse parse)
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    return parsed(key, text(key), parse);
  }
  /// The same of a text that was expanded elsewhere.
  template <class Parse>
  auto parsed(std::string_view key, const std::optional<std::string>& text, Parse parse)
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    if (!text) return std::nullopt;
    auto value = parse(*text);
    if (value) return std::move(*value);
    error(key, std::move(value.error().message), std::move(value.error().hint));
    return std::nullopt;
  }
  template <class Value, class Parse>
  void read(std::string_view key, Value& value, Parse parse) {
    if (auto given = optional(key, parse)) value = std::move(*given);
  }

  /// About the value of the key, or the section where the key is not given.
  void error(std::string_view key, std::string message, std::string hint = {});
  void warning(std::string_view key, std::string message, std::string hint = {});

  /// Where everything is written, for later findings.
  [[nodiscard]] std::shared_ptr<const Written> written() const;

 private:
  [[nodiscard]] std::optional<std::string> expanded(std::string_view key, std::string_view text);
  void report(Severity severity, std::string_view key, std::string message, std::string hint);

  Findings& findings_;
  const Ini& ini_;
  const IniSection& section_;
  Expansions names_;
};

}  // namespace foster::config::supervisord
