#include "supervisor/supervisord/config_rows.hpp"

namespace foster::supervisor::supervisord {
namespace {

using config::supervisord::Channel;
using config::supervisord::LogFile;

std::string text_of(const LogFile& file) {
  switch (file.kind) {
    case LogFile::Kind::automatic:
      return std::string(compat::kAutomatic);
    case LogFile::Kind::path:
      return file.path;
    case LogFile::Kind::none:
    case LogFile::Kind::syslog:
      break;
  }
  return "none";
}

compat::LogConfig log_of(const Channel& channel) {
  return {.file = text_of(channel.file),
          .backups = channel.backups,
          .most_bytes = static_cast<std::int64_t>(channel.max_bytes),
          .capture_bytes = static_cast<std::int64_t>(channel.capture_max_bytes),
          .has_events = channel.events_enabled,
          .is_syslog = channel.syslog};
}

}  // namespace

compat::ProcessConfig row_of(const config::supervisord::Group& group, const config::supervisord::Process& process) {
  compat::ProcessConfig row{.group = group.name,
                            .name = process.name,
                            .group_priority = static_cast<int>(group.priority),
                            .priority = static_cast<int>(process.priority),
                            .autostart = process.autostart,
                            .command = process.command,
                            .exit_codes = {process.exitcodes.begin(), process.exitcodes.end()},
                            .start_seconds = process.startsecs,
                            .start_retries = process.startretries,
                            .stop_signal = process.stopsignal.number(),
                            .stop_wait_seconds = process.stopwaitsecs,
                            .kill_as_group = process.killasgroup,
                            .redirect_stderr = process.redirect_stderr};
  if (process.directory) row.directory = *process.directory;
  if (process.user) row.uid = process.user->uid;
  if (process.serverurl) row.server_url = *process.serverurl;
  row.stdout_log = log_of(process.out);
  row.stderr_log = log_of(process.err);
  return row;
}

}  // namespace foster::supervisor::supervisord
