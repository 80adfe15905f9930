// HTTP's basic authentication as Supervisor does it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace foster::compat {

struct Login {
  std::string username;
  std::string password;  ///< In clear, or "{SHA}" and the SHA-1 of it in 40 lower-case hexadecimal digits.
};

enum class Verdict : std::uint8_t { welcome, refused, unreadable };

/// @param header The value of "Authorization"; empty where there is none.
[[nodiscard]] Verdict judge(const Login& login, std::string_view header);

}  // namespace foster::compat
