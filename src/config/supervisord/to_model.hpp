// A supervisord.conf as foster's own model: every process is one service with one worker, as command, environment and
// names may differ from one process to the next.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/supervisord/sections.hpp"
#include "core/model.hpp"

namespace foster::config::supervisord {

struct ToModelOptions {
  /// What the model is called; empty: as the directory of the file.
  std::string default_name = {};
  /// Where processes run that have no directory. Absolute; empty: the directory that [supervisord] names, or else the
  /// one of the file.
  std::string working_directory = {};
  /// Of processes that have none; empty: the one that [supervisord] names.
  std::optional<unsigned> umask = {};
  /// Who starts it: what a foster that stands in for supervisord does itself is no finding there.
  enum class Host { foster, supervisord } host = Host::foster;
  /// The path of a log called AUTO; without it, or where it gives none, that is a file in foster's log directory.
  std::function<std::string(const Process&, core::Stream)> auto_log = {};
};

struct ToModel {
  core::Model model;  ///< Of use only where no finding is an error.
  std::vector<Diagnostic> findings;
};

/// "group:process", or "process" where both are called the same.
[[nodiscard]] std::string service_name(const Process& process);

/// Findings are warnings about what foster does otherwise, each key once with its line; and errors about names and
/// about foster's own keys.
[[nodiscard]] ToModel to_model(const Config& config, const ToModelOptions& options);

}  // namespace foster::config::supervisord
