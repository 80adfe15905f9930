// The keys of a program and the processes it makes.
#include <algorithm>

#include <fmt/format.h>

#include "config/supervisord/read_programs.hpp"
#include "config/supervisord/text.hpp"
#include "config/supervisord/values.hpp"

namespace foster::config::supervisord {

namespace {

constexpr std::int64_t kMostProcesses = 10'000;
constexpr std::string_view kOwnPrefix = "x-foster-";

// How the keys of one channel are called.
struct ChannelKeys {
  explicit ChannelKeys(const std::string& channel)
      : logfile(channel + "_logfile"),
        backups(channel + "_logfile_backups"),
        max_bytes(channel + "_logfile_maxbytes"),
        syslog(channel + "_syslog"),
        capture(channel + "_capture_maxbytes"),
        events(channel + "_events_enabled") {}
  std::string logfile;
  std::string backups;
  std::string max_bytes;
  std::string syslog;
  std::string capture;
  std::string events;
};

class ProgramReader {
 public:
  ProgramReader(const ProgramContext& context, const IniSection& section, std::string_view group)
      : context_(context), reader_(context.findings, context.ini, section, context.names), group_(group) {}

  std::vector<Process> read() {
    const auto program = parse_name(reader_.name());
    if (!program) {
      reader_.error("", program.error().message, program.error().hint);
      return {};
    }
    reader_.names()["program_name"] = *program;
    reader_.names()["host_node_name"] = context_.host;
    reader_.names()["group_name"] = std::string(group_);
    Process common{.group = std::string(group_), .program = *program, .written = reader_.written()};
    read_common(common);
    std::int64_t count = 1;
    std::int64_t first = 0;
    reader_.read("numprocs", count, parse_integer);
    reader_.read("numprocs_start", first, parse_integer);
    if (count > kMostProcesses) {
      reader_.error("numprocs", fmt::format("{} processes are too many", count),
                    fmt::format("at most {}", kMostProcesses));
      return {};
    }
    const std::string name = name_template(count);
    std::vector<Process> processes;
    for (std::int64_t number = first; number < first + count; ++number) {
      Process process = common;
      process.number = number;
      read_single(process, name, count);
      processes.push_back(std::move(process));
    }
    std::ranges::stable_sort(processes, {}, &Process::name);
    return processes;
  }

 private:
  // What is the same for all processes.
  void read_common(Process& process) {
    reader_.read("priority", process.priority, parse_integer);
    reader_.read("autostart", process.autostart, parse_flag);
    reader_.read("autorestart", process.autorestart, parse_auto_restart);
    reader_.read("startsecs", process.startsecs, parse_integer);
    reader_.read("startretries", process.startretries, parse_integer);
    reader_.read("exitcodes", process.exitcodes, parse_exit_codes);
    reader_.read("stopsignal", process.stopsignal, parse_stop_signal);
    reader_.read("stopwaitsecs", process.stopwaitsecs, parse_integer);
    reader_.read("stopasgroup", process.stopasgroup, parse_flag);
    process.killasgroup = process.stopasgroup;
    reader_.read("killasgroup", process.killasgroup, parse_flag);
    if (process.stopasgroup && !process.killasgroup) {
      reader_.error("killasgroup", "stopasgroup=true does not go with killasgroup=false", "leave killasgroup out");
    }
    reader_.read("redirect_stderr", process.redirect_stderr, parse_flag);
    process.user = reader_.optional("user", parse_user);
    process.umask = reader_.optional("umask", parse_octal);
    process.serverurl = reader_.text("serverurl");
    if (process.serverurl && upper(strip(*process.serverurl)) == "AUTO") process.serverurl.reset();
    for (auto* channel : {&process.out, &process.err}) {
      const ChannelKeys keys(channel == &process.out ? "stdout" : "stderr");
      reader_.read(keys.capture, channel->capture_max_bytes, parse_bytes);
      reader_.read(keys.events, channel->events_enabled, parse_flag);
    }
  }

  std::string name_template(std::int64_t count) {
    const auto name = parse_name(reader_.raw("process_name").value_or("%(program_name)s"));
    if (!name) {
      reader_.error("process_name", name.error().message, name.error().hint);
      return "%(program_name)s_%(process_num)d";
    }
    if (count > 1 && !name->contains("%(process_num)")) {
      reader_.error("process_name", fmt::format("{} processes need names of their own", count),
                    "write process_name=%(program_name)s_%(process_num)02d");
    }
    return *name;
  }

  // What may differ from one process to the next.
  void read_single(Process& process, const std::string& name, std::int64_t count) {
    reader_.names()["process_num"] = process.number;
    reader_.names()["numprocs"] = count;
    process.environment = context_.environment;
    std::optional<Expansions> shared;
    if (const auto own = reader_.optional("environment", parse_environment)) {
      shared = reader_.names();  // one's own variables are no other's
      for (const auto& [variable, value] : *own) {
        const auto known = std::ranges::find(process.environment, variable, &Variables::value_type::first);
        if (known != process.environment.end()) {
          known->second = value;
        } else {
          process.environment.emplace_back(variable, value);
        }
        reader_.names()["ENV_" + variable] = value;
      }
    }
    process.directory = reader_.text("directory");
    read_channel(process.out, "stdout");
    read_channel(process.err, "stderr");
    if (process.redirect_stderr) {
      if (process.err.file.kind == LogFile::Kind::path) {
        reader_.warning("stderr_logfile",
                        "redirect_stderr=true sends stderr to the log of stdout; this file is not used");
      }
      process.err.file = {.kind = LogFile::Kind::none};
    }
    read_command(process);
    read_process_name(process, name);
    read_own_keys(process);
    if (shared) reader_.names() = std::move(*shared);
  }

  void read_channel(Channel& channel, const std::string& name) {
    const ChannelKeys keys(name);
    const auto file = reader_.text_expanded_twice(keys.logfile);
    if (auto parsed = reader_.parsed(keys.logfile, file, [&](std::string_view text) {
          return parse_log_file(text, context_.working_directory);
        })) {
      channel.file = std::move(*parsed);
    }
    reader_.read(keys.backups, channel.backups, parse_integer);
    reader_.read(keys.max_bytes, channel.max_bytes, parse_bytes);
    reader_.read(keys.syslog, channel.syslog, parse_flag);
    if (channel.file.kind == LogFile::Kind::syslog) {
      reader_.warning(keys.logfile, "\"syslog\" as a file name is deprecated",
                      fmt::format("write {}=true", keys.syslog));
      channel.file = {.kind = LogFile::Kind::none};
      channel.syslog = true;
    }
    if (channel.file.kind == LogFile::Kind::automatic && channel.max_bytes == 0) {
      reader_.warning(keys.max_bytes, "an AUTO log without a limit may fill the file system", "set a size: 50MB");
    }
  }

  void read_command(Process& process) {
    if (!reader_.is_given("command")) {
      return reader_.error("", fmt::format("[{}] has no command", reader_.section().name), "add command=…");
    }
    auto command = reader_.text("command");
    if (!command) return;
    // Supervisor would find out at each start only.
    if (auto argv = reader_.parsed("command", command, parse_command)) process.argv = std::move(*argv);
    process.command = std::move(*command);
  }

  void read_process_name(Process& process, const std::string& name) {
    auto expanded = expand(name, reader_.names());
    if (!expanded) return reader_.error("process_name", expanded.error().message, expanded.error().hint);
    process.name = std::move(expanded->text);
  }

  void read_own_keys(Process& process) {
    for (const IniKey& key : reader_.section().keys) {
      if (key.name.starts_with(kOwnPrefix)) add_own_key(process, key, key.name.substr(kOwnPrefix.size()));
    }
    const IniSection* own = context_.ini.find("foster:" + process.program);
    if (own == nullptr) return;
    for (const IniKey& key : own->keys) {
      const bool is_given = std::ranges::find(process.own_keys, key.name, &OwnKey::name) != process.own_keys.end();
      if (!is_given) add_own_key(process, key, key.name);
    }
  }

  void add_own_key(Process& process, const IniKey& key, std::string name) {
    auto value = expand(key.value, reader_.names());
    if (!value) {
      return context_.findings.report(Severity::error, key.value_at, key.name, value.error().message,
                                      value.error().hint);
    }
    process.own_keys.push_back({std::move(name), std::move(value->text), key.where, key.value_at});
  }

  const ProgramContext& context_;
  SectionReader reader_;
  std::string_view group_;
};

}  // namespace

std::vector<Process> read_processes(const ProgramContext& context, const IniSection& section, std::string_view group) {
  return ProgramReader(context, section, group).read();
}

}  // namespace foster::config::supervisord
