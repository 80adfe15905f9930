#include "config/supervisord/start.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/schema.hpp"

namespace foster::config::supervisord {

namespace {

std::string in_one_line(const Diagnostic& finding) {
  std::string text = finding.message;
  if (finding.line != 0) {
    text += fmt::format(" (file: '{}', line {})", finding.file, finding.line);
  } else if (!finding.file.empty()) {
    text += fmt::format(" (file: '{}')", finding.file);
  }
  if (!finding.hint.empty()) text += fmt::format("; {}", finding.hint);
  return text;
}

}  // namespace

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
  return found == findings.end() ? std::string() : in_one_line(*found);
}

std::vector<std::string> warnings_of(const std::vector<Diagnostic>& findings) {
  std::vector<std::string> lines;
  for (const Diagnostic& finding : findings) {
    if (finding.severity != Severity::warning) continue;
    lines.push_back(finding.key.empty() ? in_one_line(finding)
                                        : fmt::format("{}: {}", finding.key, in_one_line(finding)));
  }
  return lines;
}

}  // namespace foster::config::supervisord
