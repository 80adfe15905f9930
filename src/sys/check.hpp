// A system call and the name of its step to a Result, with errno taken once, at the call.
#pragma once

#include <cerrno>
#include <concepts>
#include <string>
#include <string_view>

#include <foster/result.hpp>

namespace foster::sys {

/// The value of a system call that says -1 when it failed: `check(::open(path, flags), "open", path)`.
template <std::signed_integral Number>
[[nodiscard]] Result<Number> check(Number returned, const char* step, std::string_view detail = {}) {
  if (returned != -1) return returned;
  const int code = errno;
  return failure(step, code, std::string(detail));
}

/// The same where the returned number says nothing more: `if (auto done = check_done(::chdir(path), "chdir")) …`.
template <std::signed_integral Number>
[[nodiscard]] Result<> check_done(Number returned, const char* step, std::string_view detail = {}) {
  if (returned != -1) return {};
  const int code = errno;
  return failure(step, code, std::string(detail));
}

/// Calls again for as long as a signal handler interrupts. Never for close(2): the descriptor is gone after EINTR.
template <std::invocable Call>
[[nodiscard]] auto retry_on_eintr(Call call) {
  for (;;) {
    const auto returned = call();
    if (returned != -1 || errno != EINTR) return returned;
  }
}

}  // namespace foster::sys
