#include "config/supervisord/start.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/schema.hpp"

namespace foster::config::supervisord {

std::expected<Read, std::vector<Diagnostic>> read_start(const Start& start) {
  auto found = read_config(
      start.config,
      {.environment = process_environment(), .working_directory = start.directory, .overrides = start.overrides});
  if (!found) return found;
  const auto make_absolute = [&start](std::string& path) { path = absolute_path(start.directory, path); };
  Daemon& daemon = found->config.daemon;
  if (daemon.logfile != kSyslog) make_absolute(daemon.logfile);
  make_absolute(daemon.pidfile);
  if (!daemon.childlogdir.empty()) make_absolute(daemon.childlogdir);
  for (HttpServer& server : found->config.servers) {
    if (server.kind == HttpServer::Kind::unix_socket) make_absolute(server.path);
  }
  return found;
}

std::string first_error(const std::vector<Diagnostic>& findings) {
  const auto found = std::ranges::find(findings, Severity::error, &Diagnostic::severity);
  if (found == findings.end()) return {};
  std::string text = found->message;
  if (found->line != 0) {
    text += fmt::format(" (file: '{}', line {})", found->file, found->line);
  } else if (!found->file.empty()) {
    text += fmt::format(" (file: '{}')", found->file);
  }
  if (!found->hint.empty()) text += fmt::format("; {}", found->hint);
  return text;
}

}  // namespace foster::config::supervisord
