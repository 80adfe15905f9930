// What a browser sends: names with values, in the query of an address or in the body of a form.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace foster::compat {

class WebForm {
 public:
  WebForm() = default;
  /// "a=1&b=x+y%21". What is no escape stays as it is.
  explicit WebForm(std::string_view text);

  /// The first of this name; empty where there is none.
  [[nodiscard]] std::string_view value(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Bytes written "%2f" as what they mean. @param plus What "+" means.
[[nodiscard]] std::string url_decoded(std::string_view text, char plus = '+');
/// The opposite: letters, digits and "-._~" stay.
[[nodiscard]] std::string url_encoded(std::string_view text);

/// Who asks, as far as headers tell.
struct WebSender {
  std::string_view host = {};  ///< Whom it believes to ask.
  std::string_view origin = {};
  std::string_view referer = {};
  std::string_view fetch_site = {};  ///< Sec-Fetch-Site
  std::string_view user_agent = {};
};

/// A page of another site has a browser ask, or may have: such a request must not do anything. What is no browser
/// asks for itself.
[[nodiscard]] bool is_from_elsewhere(const WebSender& sender);

}  // namespace foster::compat
