// Where the output of an instance is kept: where its definition says, or under its own name in the log directory.
#pragma once

#include <optional>
#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "core/model.hpp"
#include "logs/log_file.hpp"

namespace foster::logs {

/// The log of one stream of a worker; empty: it has none of its own.
[[nodiscard]] std::string log_path(const core::Service& service, unsigned index, core::Stream stream,
                                   const std::string& log_directory);

/// foster's own directory of logs, open.
struct LogDirectory {
  BorrowedFd fd;
  std::string path;
};

/// A log file by its directory: foster's own, or one that was opened for it. Or none at all.
struct LogPlace {
  BorrowedFd directory;
  std::string file_name = {};  ///< Empty: it is kept nowhere.
  UniqueFd opened = {};
  std::optional<int> standard = {};  ///< A standard descriptor of foster's own.

  [[nodiscard]] LogFile file(const Rotation& rotation) const;
  /// Whether what is written there can be read again: no FIFO, terminal or the like stands in its place.
  [[nodiscard]] bool keeps() const;
};

/// Of an empty path none.
/// @errors Those of open(2) for a directory that is not foster's own; nothing is made.
[[nodiscard]] Result<LogPlace> find_log_place(const std::string& path, const LogDirectory& own);

}  // namespace foster::logs
