// Where logs end at this moment, so that the output of earlier days is not shown as if it were new.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model.hpp"

namespace foster::cli {

/// What the logs of the model's services are called (api/log_name.hpp).
[[nodiscard]] std::vector<std::string> log_names(const core::Model& model);

/// The position (logs/tail.hpp) after the last byte of each log by its name; `directory` is foster's own for logs. Logs
/// that do not exist yet are left out.
[[nodiscard]] std::map<std::string, std::string> ends_of_logs(const std::string& directory, const core::Model& model);

}  // namespace foster::cli
