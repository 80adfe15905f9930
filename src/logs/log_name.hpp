// What the log files of an instance are called.
#pragma once

#include <string>
#include <string_view>

namespace foster::logs {

/// The current file: "web.log" for web, "web@0.log" for web:0, which no service can be named.
[[nodiscard]] std::string log_file_name(std::string_view instance);

/// Where stderr is kept apart: "web@stderr.log", "web@0@stderr.log".
[[nodiscard]] std::string stderr_log_file_name(std::string_view instance);

/// A rotated one: "web.log.1" is the newest, higher numbers are older. Number 0 is the current file itself.
[[nodiscard]] std::string rotated_name(std::string_view file_name, unsigned number);

}  // namespace foster::logs
