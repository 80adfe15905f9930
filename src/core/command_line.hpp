// The command of a service as one instance executes it.
#pragma once

#include <string>
#include <vector>

#include "core/model.hpp"

namespace foster::core {

/// The arguments of worker `index`: "%i" becomes its number, "%n" the service's name and "%%" a "%". Any
/// other "%" stays as it is, so that `date +%Y` needs no quoting.
[[nodiscard]] std::vector<std::string> expand_argv(const Service& service, unsigned index);

/// The same for one piece of text.
[[nodiscard]] std::string expand_text(const Service& service, unsigned index, std::string_view text);

}  // namespace foster::core
