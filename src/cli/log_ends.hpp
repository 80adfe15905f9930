// Where logs end at this moment, so that the output of earlier days is not shown as if it were new.
#pragma once

#include <map>
#include <string>

#include "core/model.hpp"

namespace foster::cli {

/// The position (logs/tail.hpp) after the last byte of each instance's log in this directory; instances
/// without a log yet are left out.
[[nodiscard]] std::map<std::string, std::string> ends_of_logs(const std::string& directory, const core::Model& model);

}  // namespace foster::cli
