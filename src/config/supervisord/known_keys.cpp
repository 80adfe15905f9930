#include "config/supervisord/known_keys.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "config/suggest.hpp"

namespace foster::config::supervisord {

namespace {

using Words = std::span<const std::string_view>;

constexpr std::array kDaemon =
    std::to_array<std::string_view>({"logfile", "logfile_maxbytes", "logfile_backups", "loglevel", "pidfile", "umask",
                                     "nodaemon", "silent", "minfds", "minprocs", "nocleanup", "childlogdir", "user",
                                     "directory", "strip_ansi", "environment", "identifier", "profile_options"});
constexpr std::array kUnixServer = std::to_array<std::string_view>({"file", "chmod", "chown", "username", "password"});
constexpr std::array kInetServer = std::to_array<std::string_view>({"port", "username", "password"});
constexpr std::array kClient =
    std::to_array<std::string_view>({"serverurl", "username", "password", "prompt", "history_file"});
constexpr std::array kInclude = std::to_array<std::string_view>({"files"});
constexpr std::array kGroup = std::to_array<std::string_view>({"programs", "priority"});
constexpr std::array kProgram = std::to_array<std::string_view>({"command",
                                                                 "process_name",
                                                                 "numprocs",
                                                                 "numprocs_start",
                                                                 "priority",
                                                                 "autostart",
                                                                 "startsecs",
                                                                 "startretries",
                                                                 "autorestart",
                                                                 "exitcodes",
                                                                 "stopsignal",
                                                                 "stopwaitsecs",
                                                                 "stopasgroup",
                                                                 "killasgroup",
                                                                 "user",
                                                                 "redirect_stderr",
                                                                 "stdout_logfile",
                                                                 "stdout_logfile_maxbytes",
                                                                 "stdout_logfile_backups",
                                                                 "stdout_capture_maxbytes",
                                                                 "stdout_events_enabled",
                                                                 "stdout_syslog",
                                                                 "stderr_logfile",
                                                                 "stderr_logfile_maxbytes",
                                                                 "stderr_logfile_backups",
                                                                 "stderr_capture_maxbytes",
                                                                 "stderr_events_enabled",
                                                                 "stderr_syslog",
                                                                 "environment",
                                                                 "directory",
                                                                 "umask",
                                                                 "serverurl"});
constexpr std::array kListener = std::to_array<std::string_view>({"events", "buffer_size", "result_handler"});
constexpr std::array kFcgi =
    std::to_array<std::string_view>({"socket", "socket_backlog", "socket_owner", "socket_mode"});

// A kind of section: its name, or how it begins, and its keys. Without keys anything goes.
struct Kind {
  std::string_view name;
  bool has_names;
  Words keys = {};
  Words more_keys = {};
};

constexpr std::array kKinds{
    Kind{"supervisord", false, kDaemon},
    Kind{"unix_http_server", true, kUnixServer},
    Kind{"inet_http_server", true, kInetServer},
    Kind{"supervisorctl", false, kClient},
    Kind{"include", false, kInclude},
    Kind{"program:", true, kProgram},
    Kind{"group:", true, kGroup},
    Kind{"eventlistener:", true, kProgram, kListener},
    Kind{"fcgi-program:", true, kProgram, kFcgi},
    Kind{"rpcinterface:", true},  // its keys are errors already
    Kind{"ctlplugin:", true},
    Kind{"foster:", true},  // read with its program
};

const Kind* kind_of(std::string_view section) {
  const auto found = std::ranges::find_if(
      kKinds, [&](const Kind& kind) { return kind.has_names ? section.starts_with(kind.name) : section == kind.name; });
  return found == kKinds.end() ? nullptr : &*found;
}

std::string hint_for_section(std::string_view section) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  const std::string_view begin =
      section.substr(0, section.find(':') == std::string_view::npos ? section.size() : section.find(':') + 1);
  const auto near = nearest(begin, names);
  if (!near) return "";
  return fmt::format("did you mean [{}{}]?", *near, near->ends_with(':') ? section.substr(begin.size()) : "");
}

bool is_program(const Ini& ini, std::string_view name) {
  for (const std::string_view kind : {"program:", "eventlistener:", "fcgi-program:"}) {
    if (ini.find(fmt::format("{}{}", kind, name)) != nullptr) return true;
  }
  return false;
}

}  // namespace

void report_unknown(const Ini& ini, Findings& findings) {
  for (const IniSection& section : ini.sections()) {
    const Kind* kind = kind_of(section.name);
    if (kind == nullptr) {
      findings.report(Severity::warning, section.where, section.name,
                      fmt::format("[{}] is no section of a supervisord.conf; it is ignored", section.name),
                      hint_for_section(section.name));
      continue;
    }
    if (kind->name == "foster:" && !is_program(ini, section.name.substr(kind->name.size()))) {
      findings.report(
          Severity::warning, section.where, section.name,
          fmt::format("there is no program \"{}\"; this section is ignored", section.name.substr(kind->name.size())),
          "");
    }
    if (kind->keys.empty()) continue;
    std::vector<std::string_view> known(kind->keys.begin(), kind->keys.end());
    known.insert(known.end(), kind->more_keys.begin(), kind->more_keys.end());
    const bool takes_own_keys = kind->keys.data() == kProgram.data();
    for (const IniKey& key : section.keys) {
      if (std::ranges::find(known, key.name) != known.end()) continue;
      if (takes_own_keys && key.name.starts_with("x-foster-")) continue;
      findings.report(Severity::warning, key.where, fmt::format("{}.{}", section.name, key.name),
                      fmt::format("\"{}\" is no key of [{}]; it is ignored", key.name, section.name),
                      did_you_mean(key.name, known));
    }
  }
}

}  // namespace foster::config::supervisord
