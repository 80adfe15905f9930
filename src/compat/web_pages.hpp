// The pages that a supervisord shows in a browser, and what their buttons do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compat/daemon.hpp"
#include "compat/web_form.hpp"
#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// "/", "/index.html", "/tail.html", "/ok.html" or the style of all of them.
[[nodiscard]] bool is_web_page(std::string_view path);

/// A page as it is now. @param path One that `is_web_page`.
[[nodiscard]] std::string web_page(Daemon& daemon, std::string_view path, const WebForm& form);
/// The type of its content.
[[nodiscard]] std::string_view web_page_type(std::string_view path);

/// What a form asks for: one call after the other, up to the first that is refused; then the next page says how it
/// went.
struct WebAction {
  std::vector<Call> calls;
  std::string done;     ///< When none is refused.
  std::string process;  ///< Whom it is about; empty: all.
};

/// Empty: there is no such action.
[[nodiscard]] std::optional<WebAction> web_action(const Daemon& daemon, const WebForm& form);
/// Why it was refused, for people.
[[nodiscard]] std::string web_refusal(const WebAction& action, const Fault& fault);

}  // namespace foster::compat
