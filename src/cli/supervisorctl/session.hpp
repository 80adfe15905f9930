// What all commands of supervisorctl share: the supervisord they talk to, where they write, and how it went.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "cli/output.hpp"
#include "cli/supervisorctl/input.hpp"
#include "cli/supervisorctl/remote.hpp"

namespace foster::cli::supervisorctl {

/// As the LSB has it for init scripts. Scripts rely on them.
enum class Status : std::uint8_t {
  success = 0,
  generic = 1,
  invalid_arguments = 2,
  unimplemented = 3,
  unreachable = 4,  ///< And what `status` cannot tell.
  wrong_version = 5,
  not_running = 7,
};
/// Of `status` alone: something it has shown does not run.
inline constexpr Status kShownNotRunning = Status::unimplemented;

enum class Manner : std::uint8_t { one_command, interactive };

struct Session {
  Remote remote;
  Output& out;
  Output& err;
  Input& input;
  Manner manner = Manner::one_command;
  Status status = Status::success;
  bool is_over = false;

  void say(std::string_view line) {
    out.write(line);
    out.write("\n");
  }
  template <class... Arguments>
  void say(fmt::format_string<Arguments...> format, Arguments&&... arguments)
    requires(sizeof...(Arguments) > 0)
  {
    out.print(format, std::forward<Arguments>(arguments)...);
    out.write("\n");
  }

  /// Whether a supervisord is there and speaks the language. If not, that was said and `status` is set.
  [[nodiscard]] Answer<bool> is_up();
  /// Where a person is at the other end, asks first.
  [[nodiscard]] Answer<bool> is_meant(const std::string& question);
};

/// Members of the structs that a supervisord answers with; empty and 0 where they lack.
[[nodiscard]] std::string text_member(const compat::Value& value, std::string_view name);
[[nodiscard]] std::int64_t number_member(const compat::Value& value, std::string_view name);
/// No elements for what is no array.
[[nodiscard]] const compat::Array& elements_of(const compat::Value& value);
/// As a person, or str(), would write it.
[[nodiscard]] std::string text_of(const compat::Value& value);

}  // namespace foster::cli::supervisorctl
