// What is known of a run that has ended, beside how it ended (cause.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace foster::core {

struct RunEnd {
  /// Of the main process, with those of its children that it waited for.
  struct Use {
    std::chrono::microseconds user_time{};                  ///< In its own code.
    std::chrono::microseconds system_time{};                ///< In the kernel on its behalf.
    std::optional<std::uint64_t> most_resident_bytes = {};  ///< Empty: not known.
    friend bool operator==(const Use&, const Use&) = default;
  };

  std::optional<Use> use;   ///< Empty: nobody told, as of a process that was adopted.
  std::string last_output;  ///< Its last lines, as far as they are known to be of this run.

  friend bool operator==(const RunEnd&, const RunEnd&) = default;
};

}  // namespace foster::core
