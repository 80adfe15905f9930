#include "journal/stored_exit.hpp"

namespace foster::journal {
namespace {

// Stored; never reuse a number.
enum class ExitKind : std::int64_t { exited = 1, killed = 2, killed_with_core = 3, unknown = 4 };

}  // namespace

std::int64_t encode_exit(const ExitStatus& exit) {
  const auto pack = [](ExitKind kind, int value) { return static_cast<std::int64_t>(kind) * 256 + value; };
  if (const auto* exited = std::get_if<Exited>(&exit)) return pack(ExitKind::exited, exited->code);
  if (const auto* killed = std::get_if<Killed>(&exit)) {
    return pack(killed->core_dumped ? ExitKind::killed_with_core : ExitKind::killed, killed->signal.number());
  }
  return pack(ExitKind::unknown, 0);
}

ExitStatus decode_exit(std::int64_t stored) {
  const int value = static_cast<int>(stored & 0xff);
  const auto kind = static_cast<ExitKind>(stored >> 8);
  const auto signal = Signal::from_number(value);
  if (kind == ExitKind::exited) return Exited{value};
  if (kind == ExitKind::killed && signal) return Killed{*signal, false};
  if (kind == ExitKind::killed_with_core && signal) return Killed{*signal, true};
  return ExitUnknown{};
}

}  // namespace foster::journal
