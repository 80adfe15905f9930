// What a supervisord.conf asks for and foster does otherwise: a warning each, where it is written.
#pragma once

#include <vector>

#include "config/diagnostic.hpp"
#include "config/supervisord/sections.hpp"

namespace foster::config::supervisord {

/// Collects findings about a config that was read: each is told once, whichever processes share it.
class Remarks {
 public:
  explicit Remarks(const Config& config) : config_(config) {}

  /// About a key of the section, or the section where the key is not given.
  void warn(const Written& section, std::string_view key, std::string message, std::string hint = {});
  void error(const Written& section, std::string_view key, std::string message, std::string hint = {});
  void add(Diagnostic diagnostic);
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  void report(Severity severity, const Written& section, std::string_view key, std::string message, std::string hint);

  const Config& config_;
  std::vector<Diagnostic> diagnostics_;
};

/// Of one process.
void tell_differences(const Process& process, Remarks& remarks);
/// Of what groups have beside their processes.
void tell_differences(const Group& group, Remarks& remarks);
/// Of the sections that are about the daemon itself.
void tell_differences_of_daemon(const Config& config, Remarks& remarks);
/// The same where foster stands in for that daemon.
void tell_differences_of_stand_in(const Config& config, Remarks& remarks);

}  // namespace foster::config::supervisord
