// Why a supervisord refuses: the numbers that clients compare, and their names.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace foster::compat {

enum class FaultCode : std::int16_t {
  unknown_method = 1,
  incorrect_parameters = 2,
  bad_arguments = 3,
  signature_unsupported = 4,
  shutdown_state = 6,
  bad_name = 10,
  bad_signal = 11,
  no_file = 20,
  not_executable = 21,
  failed = 30,
  abnormal_termination = 40,
  spawn_error = 50,
  already_started = 60,
  not_running = 70,
  success = 80,  ///< Only as the status of one process among many.
  already_added = 90,
  still_running = 91,
  cant_reread = 92,
};

/// "BAD_NAME"
[[nodiscard]] std::string_view name_of(FaultCode code);

/// Why something is not done, and of what.
struct Refusal {
  FaultCode code;
  std::optional<std::string> about = {};

  /// "BAD_NAME: web", as it is told to clients.
  [[nodiscard]] std::string text() const;
};

template <class Value = void>
using Outcome = std::expected<Value, Refusal>;

[[nodiscard]] std::unexpected<Refusal> refusal(FaultCode code, std::optional<std::string> about = {});

}  // namespace foster::compat
