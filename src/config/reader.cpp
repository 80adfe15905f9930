#include "config/reader.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/suggest.hpp"

namespace foster::config {

void Reader::report(Severity severity, Position where, std::string message, std::string hint) {
  diagnostics_.push_back({.file = std::string(file_),
                          .line = where.line,
                          .column = where.column,
                          .key = key_,
                          .message = std::move(message),
                          .hint = std::move(hint),
                          .severity = severity});
}

void Reader::error(Position where, std::string message, std::string hint) {
  report(Severity::error, where, std::move(message), std::move(hint));
}

void Reader::warning(Position where, std::string message, std::string hint) {
  report(Severity::warning, where, std::move(message), std::move(hint));
}

void Reader::expected(std::string_view what, const Raw& found, std::string hint) {
  error(found.where(), fmt::format("expected {}, found {}", what, found.describe()), std::move(hint));
}

std::optional<bool> Reader::boolean(const Raw& raw) {
  if (const bool* value = raw.as<bool>()) return *value;
  const auto* written = raw.as<std::string>();
  const auto meant = written != nullptr ? parse_boolean(*written) : Parsed<bool>(std::unexpected(BadValue{}));
  expected("true or false", raw, meant ? fmt::format("write {} without quotes", format_boolean(*meant)) : "");
  return std::nullopt;
}

std::optional<std::int64_t> Reader::integer(const Raw& raw, std::int64_t least, std::int64_t most) {
  const auto* number = raw.as<std::int64_t>();
  if (number != nullptr && *number >= least && *number <= most) return *number;
  expected(fmt::format("a whole number from {} to {}", least, most), raw);
  return std::nullopt;
}

std::optional<double> Reader::number(const Raw& raw, double least, double most) {
  std::optional<double> value;
  if (const auto* whole = raw.as<std::int64_t>()) value = static_cast<double>(*whole);
  if (const auto* real = raw.as<double>()) value = *real;
  if (value && *value >= least && *value <= most) return value;
  expected(fmt::format("a number from {} to {}", least, most), raw);
  return std::nullopt;
}

std::optional<std::string> Reader::text_for(const Raw& raw, std::string_view what, std::string hint) {
  const auto* written = raw.as<std::string>();
  if (written == nullptr) {
    expected(what, raw, std::move(hint));
    return std::nullopt;
  }
  if (written->contains('\0')) {
    error(raw.where(), "the text holds a NUL byte");
    return std::nullopt;
  }
  return *written;
}

std::optional<std::string> Reader::text(const Raw& raw) {
  return text_for(raw, "text in quotes");
}

std::optional<std::vector<std::string>> Reader::texts(const Raw& raw) {
  const auto* array = raw.as<RawArray>();
  if (array == nullptr) {
    expected("a list of texts", raw);
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (const Raw& element : *array) {
    auto one = text(element);
    if (one) result.push_back(std::move(*one));
  }
  if (result.size() != array->size()) return std::nullopt;
  return result;
}

std::optional<std::size_t> Reader::word(const Raw& raw, std::span<const std::string_view> words) {
  std::string what;
  for (const std::string_view& known : words) {
    const bool is_last = &known == &words.back();
    what += fmt::format("{}\"{}\"", what.empty() ? "" : is_last ? " or " : ", ", known);
  }
  const auto written = text_for(raw, what);
  if (!written) return std::nullopt;
  const auto found = std::ranges::find(words, *written);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  error(raw.where(), fmt::format("expected {}, found \"{}\"", what, *written), did_you_mean(*written, words));
  return std::nullopt;
}

std::optional<core::Duration> Reader::duration(const Raw& raw, core::Duration least) {
  std::optional<core::Duration> value;
  if (const auto* number = raw.as<std::int64_t>(); number != nullptr) {
    if (*number != 0) {
      expected("a duration with its unit", raw, *number > 0 ? fmt::format("write \"{}s\"", *number) : "");
      return std::nullopt;
    }
    value = core::Duration::zero();
  } else {
    value = parsed<core::Duration>(raw, "a duration such as \"5s\"", parse_duration);
  }
  if (!value || *value >= least) return value;
  error(raw.where(), fmt::format("{} is too short", format_duration(*value)),
        fmt::format("at least {}", format_duration(least)));
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::size(const Raw& raw, std::uint64_t least) {
  std::optional<std::uint64_t> value;
  if (const auto* number = raw.as<std::int64_t>(); number != nullptr) {
    if (*number != 0) {
      expected("a size with its unit", raw, *number > 0 ? fmt::format("write \"{0}B\" or \"{0}MB\"", *number) : "");
      return std::nullopt;
    }
    value = 0;
  } else {
    value = parsed<std::uint64_t>(raw, "a size such as \"10MB\"", parse_size);
  }
  if (!value || *value >= least) return value;
  error(raw.where(), fmt::format("{} is too small", format_size(*value)),
        fmt::format("at least {}", format_size(least)));
  return std::nullopt;
}

KeyScope::KeyScope(Reader& reader, std::string_view key) : reader_(reader), length_(reader.key_.size()) {
  if (!reader.key_.empty()) reader.key_ += '.';
  reader.key_ += key;
}

KeyScope::~KeyScope() {
  reader_.key_.resize(length_);
}

}  // namespace foster::config
