#include "config/supervisord/differences.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/supervisord/section_reader.hpp"
#include "config/supervisord/to_model.hpp"

namespace foster::config::supervisord {

namespace {

struct KeyRemark {
  std::string_view key;
  std::string_view message;
  std::string_view hint = {};
};

// Of [supervisord], where foster is itself and no stand-in.
constexpr std::array kDaemonRemarks = std::to_array<KeyRemark>({
    {"logfile", "foster writes no log of its own: what happens to services is in its journal", "foster why NAME"},
    {"logfile_maxbytes", "foster writes no log of its own"},
    {"logfile_backups", "foster writes no log of its own"},
    {"loglevel", "foster writes no log of its own"},
    {"pidfile", "foster writes no pidfile: there is one foster of a name, and foster info tells its pids"},
    {"nodaemon", "foster up decides it: in the foreground without -d, in the background with it"},
    {"silent", "foster up decides it: foster up -d prints no output of services"},
    {"minfds", "services get the limit of open files that foster was started with"},
    {"minprocs", "services get the limit of processes that foster was started with"},
    {"nocleanup", "foster keeps the logs of services, and rotates them"},
    {"childlogdir", "logs that are called AUTO are in foster's log directory",
     "foster info tells where; FOSTER_LOG_DIR changes it"},
    {"identifier", "foster's name is that of the file's directory", "foster up --name NAME"},
    {"profile_options", "foster has no profile of Python code"},
});

// Of [supervisord], where foster stands in for it.
constexpr KeyRemark kProfile{"profile_options", "it has no effect: foster has no profile of Python code"};
constexpr KeyRemark kDetails{"loglevel",
                             "of what is less than debug, the log has the calls of clients, without their addresses"};

bool is_given(const Written& section, std::string_view key) {
  return section.keys.contains(key);
}

void tell_of_channel(const Process& process, const Channel& channel, const std::string& name, Remarks& remarks) {
  const Written& section = *process.written;
  if (channel.capture_max_bytes > 0) {
    remarks.warn(section, name + "_capture_maxbytes",
                 "nothing is captured: what stands between the tags goes to the log");
  }
  if (channel.events_enabled) remarks.warn(section, name + "_events_enabled", "foster up sends no PROCESS_LOG events");
}

}  // namespace

void Remarks::report(Severity severity, const Written& section, std::string_view key, std::string message,
                     std::string hint) {
  const auto found = section.keys.find(key);
  const Place where = found == section.keys.end() ? section.where : found->second.value_at;
  Diagnostic diagnostic;
  if (where.file < config_.files.size()) diagnostic.file = config_.files[where.file].path;
  diagnostic.line = where.at.line;
  diagnostic.column = where.at.column;
  diagnostic.key = key.empty() ? section.section : fmt::format("{}.{}", section.section, key);
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  diagnostic.severity = severity;
  add(std::move(diagnostic));
}

void Remarks::warn(const Written& section, std::string_view key, std::string message, std::string hint) {
  report(Severity::warning, section, key, std::move(message), std::move(hint));
}

void Remarks::error(const Written& section, std::string_view key, std::string message, std::string hint) {
  report(Severity::error, section, key, std::move(message), std::move(hint));
}

void Remarks::add(Diagnostic diagnostic) {
  // The processes of one program differ in the hint at most.
  const bool is_known = std::ranges::any_of(diagnostics_, [&](const Diagnostic& known) {
    return known.file == diagnostic.file && known.line == diagnostic.line && known.column == diagnostic.column &&
           known.message == diagnostic.message;
  });
  if (!is_known) diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Remarks::take() {
  finish_diagnostics(diagnostics_, config_.files);
  return std::move(diagnostics_);
}

void tell_differences(const Process& process, Remarks& remarks) {
  const Written& section = *process.written;
  tell_of_channel(process, process.out, "stdout", remarks);
  tell_of_channel(process, process.err, "stderr", remarks);
  if (is_given(section, "priority")) {
    remarks.warn(section, "priority", "programs are started in this order, but all are stopped at once",
                 "say what needs what: x-foster-needs=NAME");
  }
  if (is_given(section, "killasgroup") && !process.killasgroup) {
    remarks.warn(section, "killasgroup", "whatever the program has started ends with it");
  }
}

void tell_differences(const Group& group, Remarks& remarks) {
  const Written& section = *group.written;
  if (group.pool) {
    remarks.warn(section, "events", "foster up delivers no events, so this listener is not started");
  }
  if (is_given(section, "priority") && group.is_heterogeneous) {
    remarks.warn(section, "priority", "groups are started in this order, but all are stopped at once");
  }
}

void tell_differences_of_daemon(const Config& config, Remarks& remarks) {
  const Written& section = *config.daemon.written;
  for (const KeyRemark& remark : kDaemonRemarks) {
    if (is_given(section, remark.key)) {
      remarks.warn(section, remark.key, std::string(remark.message), std::string(remark.hint));
    }
  }
  if (config.daemon.user) {
    remarks.warn(section, "user", "the services run as this user; foster itself as whoever starts it");
  }
  for (const HttpServer& server : config.servers) {
    const bool is_unix = server.kind == HttpServer::Kind::unix_socket;
    remarks.warn(*server.written, is_unix ? "file" : "port", "foster up opens no server for supervisorctl",
                 "foster ps, foster start and the others need none; foster supervisord opens it");
  }
}

void tell_differences_of_stand_in(const Config& config, Remarks& remarks) {
  const Written& section = *config.daemon.written;
  const auto tell = [&](const KeyRemark& remark) {
    remarks.warn(section, remark.key, std::string(remark.message), std::string(remark.hint));
  };
  if (is_given(section, kProfile.key)) tell(kProfile);
  if (config.daemon.log_level > LogLevel::debug) tell(kDetails);
}

}  // namespace foster::config::supervisord
