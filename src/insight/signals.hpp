// What a process does with signals, as the masks of /proc/PID/status tell it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <foster/ids.hpp>
#include <foster/signal.hpp>

namespace foster::insight {

/// Bit n - 1 is signal n.
struct SignalMasks {
  std::uint64_t blocked = 0;
  std::uint64_t ignored = 0;
  std::uint64_t caught = 0;
};

/// What becomes of a signal that reaches it.
enum class Disposition : std::uint8_t { by_default, ignored, blocked, caught };

[[nodiscard]] inline bool has_signal(std::uint64_t mask, int signal) noexcept {
  return (mask >> static_cast<unsigned>(signal - 1) & 1U) != 0;
}

/// An ignored signal is dropped even while it is blocked.
[[nodiscard]] inline Disposition disposition(const SignalMasks& masks, int signal) noexcept {
  if (has_signal(masks.ignored, signal)) return Disposition::ignored;
  if (has_signal(masks.blocked, signal)) return Disposition::blocked;
  return has_signal(masks.caught, signal) ? Disposition::caught : Disposition::by_default;
}

/// "HUP", "INT"…
[[nodiscard]] inline std::vector<std::string> names_of(std::uint64_t mask) {
  std::vector<std::string> names;
  for (int number = 1; number <= 64; ++number) {
    const auto signal = Signal::from_number(number);
    if (signal && has_signal(mask, number)) names.push_back(signal->name());
  }
  return names;
}

}  // namespace foster::insight
