// Takes raw values for what a key wants, and reports what is wrong with them: where, what was expected,
// what was found. Reading goes on after a finding, so that all of them are reported at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/raw.hpp"
#include "config/values.hpp"

namespace foster::config {

/// Whether a value may be judged by the files that it names. What was read once must be read again as it was, whatever
/// has become of them.
enum class Looks : std::uint8_t { at_text_alone, also_at_files };

class Reader {
 public:
  /// `base_directory` is absolute. Both texts must outlive the reader.
  Reader(std::string_view file, std::string_view base_directory, Looks looks = Looks::also_at_files)
      : file_(file), base_(base_directory), looks_(looks) {}

  [[nodiscard]] Looks looks() const { return looks_; }
  [[nodiscard]] std::string_view base_directory() const { return base_; }
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  [[nodiscard]] std::vector<Diagnostic> take_diagnostics() { return std::move(diagnostics_); }

  void error(Position where, std::string message, std::string hint = {});
  void warning(Position where, std::string message, std::string hint = {});
  /// A finding made elsewhere, about another file.
  void add(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  /// "expected a list of texts, found the number 3".
  void expected(std::string_view what, const Raw& found, std::string hint = {});

  // Each reports and returns nothing where the value does not fit.
  std::optional<bool> boolean(const Raw& raw);
  std::optional<std::int64_t> integer(const Raw& raw, std::int64_t least, std::int64_t most);
  std::optional<double> number(const Raw& raw, double least, double most);
  /// Without NUL bytes.
  std::optional<std::string> text(const Raw& raw);
  std::optional<std::vector<std::string>> texts(const Raw& raw);
  /// One of the words; its index.
  std::optional<std::size_t> word(const Raw& raw, std::span<const std::string_view> words);
  std::optional<core::Duration> duration(const Raw& raw, core::Duration least);
  std::optional<std::uint64_t> size(const Raw& raw, std::uint64_t least);

  /// Text in one of the small languages of values.hpp and address.hpp.
  template <class Value>
  std::optional<Value> parsed(const Raw& raw, std::string_view what, Parsed<Value> (*parse)(std::string_view)) {
    const auto written = text_for(raw, what);
    if (!written) return std::nullopt;
    auto value = parse(*written);
    if (value) return std::move(*value);
    error(raw.where(), std::move(value.error().message), std::move(value.error().hint));
    return std::nullopt;
  }

 private:
  friend class KeyScope;

  std::optional<std::string> text_for(const Raw& raw, std::string_view what, std::string hint = {});
  void report(Severity severity, Position where, std::string message, std::string hint);

  std::string_view file_;
  std::string_view base_;
  Looks looks_;
  std::string key_;
  std::vector<Diagnostic> diagnostics_;
};

/// While it lives, findings are about this key of the current table.
class KeyScope {
 public:
  KeyScope(Reader& reader, std::string_view key);
  ~KeyScope();
  KeyScope(const KeyScope&) = delete;
  KeyScope& operator=(const KeyScope&) = delete;

 private:
  Reader& reader_;
  std::size_t length_;
};

}  // namespace foster::config
