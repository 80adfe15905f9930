#include "compat/basic_auth.hpp"

#include <sha1.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "compat/base64.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kScheme = "basic ";
constexpr std::string_view kHashed = "{SHA}";

std::string sha1_of(const std::string& text) {
  std::array<char, SHA1_DIGEST_STRING_LENGTH> digits{};
  ::SHA1Data(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digits.data());
  return digits.data();
}

// Takes as long for a guess that is nearly right as for one that is not.
bool equal_in_constant_time(std::string_view left, std::string_view right) {
  unsigned difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const char other = right.empty() ? '\0' : right[i % right.size()];
    difference |= static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

bool has_scheme(std::string_view header) {
  return header.size() >= kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), header.begin(),
                    [](char expected, char c) { return expected == std::tolower(static_cast<unsigned char>(c)); });
}

}  // namespace

Verdict judge(const Login& login, std::string_view header) {
  if (!has_scheme(header)) return Verdict::refused;
  const auto decoded = from_base64(header.substr(kScheme.size()));
  if (!decoded) return Verdict::unreadable;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return Verdict::unreadable;
  const std::string password = decoded->substr(colon + 1);
  const bool is_hashed = login.password.starts_with(kHashed);
  const std::string_view wanted = std::string_view(login.password).substr(is_hashed ? kHashed.size() : 0);
  const bool is_name_right = equal_in_constant_time(decoded->substr(0, colon), login.username);
  const bool is_password_right = equal_in_constant_time(is_hashed ? sha1_of(password) : password, wanted);
  return is_name_right && is_password_right ? Verdict::welcome : Verdict::refused;
}

}  // namespace foster::compat
