// The small languages inside values: one parser each and its printer. What a printer writes, its
// parser reads back exactly. Errors are plain words for a Diagnostic, with what to write instead.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <foster/signal.hpp>

#include "core/time.hpp"

namespace foster::config {

/// Why a value was refused.
struct BadValue {
  std::string message;  ///< "\"5\" has no unit"
  std::string hint;     ///< "write \"5s\""
  friend bool operator==(const BadValue&, const BadValue&) = default;
};

template <class Value>
using Parsed = std::expected<Value, BadValue>;

/// No duration of a config is longer: ten years, far below where adding to a clock could overflow.
inline constexpr core::Duration kMaxDuration = std::chrono::hours(24 * 3650);

/// "100ms", "5s", "1m30s", "2h", "1.5s", "1d"; units ns, us, ms, s, m, h, d, from large to small.
/// The unit may be missing from "0" alone.
[[nodiscard]] Parsed<core::Duration> parse_duration(std::string_view text);
/// The canonical form, from large to small and without fractions: "1m30s", "1s500ms", "0s".
[[nodiscard]] std::string format_duration(core::Duration duration);

/// "10MB", "64KiB", "512B": decimal units B, kB (or KB), MB, GB, TB, binary ones KiB, MiB, GiB, TiB.
/// The unit may be missing from "0" alone.
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text);
/// In the unit that gives the shortest whole number.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// "TERM", "SIGTERM", "15", "RTMIN+3".
[[nodiscard]] Parsed<Signal> parse_signal(std::string_view text);
[[nodiscard]] std::string format_signal(Signal signal);

/// Octal permission bits: "022", "0077", "0o27". At most 0777.
[[nodiscard]] Parsed<unsigned> parse_mode(std::string_view text);
/// Three octal digits.
[[nodiscard]] std::string format_mode(unsigned mode);

/// "true", "yes", "on", "1" and their opposites, in any case.
[[nodiscard]] Parsed<bool> parse_boolean(std::string_view text);
[[nodiscard]] std::string format_boolean(bool value);

}  // namespace foster::config
