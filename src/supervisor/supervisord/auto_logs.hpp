// Logs whose file is called AUTO: a new name each time a group becomes active, in a directory that is swept when the
// daemon starts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <foster/result.hpp>

#include "core/model.hpp"

namespace foster::supervisor::supervisord {

struct AutoLogs {
  std::string directory;   ///< Of [supervisord] childlogdir.
  std::string identifier;  ///< Tells the logs of one daemon from those of others.
};

/// Where AUTO logs are if nobody says: the directory for temporary files, as Python finds it.
[[nodiscard]] std::string default_auto_log_directory();

/// Makes an empty file for a process's log, with mode 0600.
/// @return Its path: DIRECTORY/PROCESS-stdout---IDENTIFIER-XXXXXXXX.log
/// @errors Of the directory.
[[nodiscard]] Result<std::string> make_auto_log(const AutoLogs& logs, std::string_view process, core::Stream stream);

/// Whether a file of this name is an AUTO log of this identifier, or a rotated one.
[[nodiscard]] bool is_auto_log(std::string_view file_name, std::string_view identifier);

/// Removes all that earlier lives of the daemon have left. @return How many; those that cannot be removed stay.
std::size_t remove_auto_logs(const AutoLogs& logs);

}  // namespace foster::supervisor::supervisord
