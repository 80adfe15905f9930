// What every fallible function of foster returns. The only mention of std::expected.
#pragma once

#include <cstring>
#include <expected>
#include <string>
#include <utility>

namespace foster {

/// A wrong world: which step failed, on what, and why. For people, `to_string` makes one line of it.
///
/// Programming errors are assertions and bad input is a diagnostic; neither is ever an `Error`.
struct Error {
  std::string step;    ///< The deed that failed, in one or two words: "chdir", "open", "clone".
  int code = 0;        ///< An `errno` value, taken once, at the call; 0 where the kernel was not asked.
  std::string detail;  ///< The thing it failed on: "/srv/web", "127.0.0.1:80".

  friend bool operator==(const Error&, const Error&) = default;
};

/// "chdir /srv/web: No such file or directory".
[[nodiscard]] inline std::string to_string(const Error& error) {
  std::string text = error.step;
  if (!error.detail.empty()) {
    text += text.empty() ? "" : " ";
    text += error.detail;
  }
  if (error.code != 0) {
    char buffer[128];
    text += ": ";
    text += ::strerror_r(error.code, buffer, sizeof buffer);
  }
  return text;
}

template <class Value = void>
using Result = std::expected<Value, Error>;

using Failure = std::unexpected<Error>;

/// `return failure("open", errno, path);`
[[nodiscard]] inline Failure failure(std::string step, int code, std::string detail = {}) {
  return Failure(Error{std::move(step), code, std::move(detail)});
}

}  // namespace foster
