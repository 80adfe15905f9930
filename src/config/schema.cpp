// The keys of a [service.NAME] table.
#include "config/schema.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/files.hpp"
#include "config/schema_command.hpp"
#include "config/schema_environment.hpp"
#include "config/schema_policies.hpp"
#include "config/schema_ready.hpp"

namespace foster::config {

namespace {

using namespace std::chrono_literals;
using core::Service;

constexpr unsigned kMaxWorkers = 1000;
constexpr std::int64_t kMaxId = 0xFFFFFFFE;

constexpr std::array kRestartWords = std::to_array<std::string_view>({"always", "on-failure", "never"});
constexpr std::array kTypeWords = std::to_array<std::string_view>({"simple", "forking"});

// The usual rows.
template <bool Service::* member>
void read_flag(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (const auto value = reader.boolean(raw)) service.*member = *value;
}

template <bool Service::* member>
std::optional<Raw> write_flag(const Service& service) {
  if (service.*member == Service{}.*member) return std::nullopt;
  return Raw(service.*member);
}

template <std::string Service::* member>
std::optional<Raw> write_text(const Service& service) {
  if (service.*member == Service{}.*member) return std::nullopt;
  return Raw(service.*member);
}

template <std::string Service::* member>
void read_path(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  const auto path = reader.text(raw);
  if (!path) return;
  const std::string_view base = service.directory.empty() ? reader.base_directory() : service.directory;
  service.*member = path->empty() ? std::string() : absolute_path(base, *path);
}

// A user or group: a name, or its number.
template <std::string Service::* member>
void read_account(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (const auto* number = raw.as<std::int64_t>()) {
    if (reader.integer(raw, 0, kMaxId)) service.*member = fmt::format("{}", *number);
  } else if (raw.as<std::string>() == nullptr) {
    reader.expected("a name or a number", raw);
  } else if (auto name = reader.text(raw)) {
    service.*member = std::move(*name);
  }
}

template <std::vector<std::string> Service::* member>
void read_names(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  std::vector<std::string> names;
  const auto add = [&](const Raw& element) {
    auto name = reader.text(element);
    if (!name) return;
    if (std::ranges::find(names, *name) != names.end()) {
      reader.warning(element.where(), fmt::format("\"{}\" is named twice", *name));
    } else {
      names.push_back(std::move(*name));
    }
  };
  if (const auto* array = raw.as<RawArray>()) {
    for (const Raw& element : *array) add(element);
  } else if (raw.as<std::string>() != nullptr) {
    add(raw);
  } else {
    return reader.expected("a list of service names", raw);
  }
  service.*member = std::move(names);
}

template <std::vector<std::string> Service::* member>
std::optional<Raw> write_names(const Service& service) {
  if ((service.*member).empty()) return std::nullopt;
  RawArray names;
  for (const std::string& name : service.*member) names.emplace_back(name);
  return Raw(std::move(names));
}

template <class Policy, auto keys>
std::vector<KeyInfo> keys_of() {
  return infos<Policy>(keys());
}

void read_directory(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  const auto path = reader.text(raw);
  if (!path) return;
  service.directory = path->empty() ? std::string() : absolute_path(reader.base_directory(), *path);
  if (!service.directory.empty() && !is_directory(service.directory)) {
    reader.warning(raw.where(), fmt::format("there is no directory {} now", service.directory),
                   "it must exist when the service starts");
  }
}

void read_umask(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (raw.as<std::int64_t>() != nullptr) {
    // 022 is no TOML, and 22 could be meant either way.
    return reader.expected("octal digits in quotes", raw, "write \"022\"");
  }
  if (const auto mode = reader.parsed<unsigned>(raw, "octal digits in quotes", parse_mode)) service.umask = mode;
}

void read_start_seconds(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  // Its name says the unit, so a plain number will do.
  constexpr double kMaxSeconds = 86400;
  if (raw.as<std::int64_t>() != nullptr || raw.as<double>() != nullptr) {
    const auto seconds = reader.number(raw, 0, kMaxSeconds);
    if (seconds) service.start_seconds = std::chrono::round<core::Duration>(std::chrono::duration<double>(*seconds));
  } else if (raw.as<std::string>() == nullptr) {
    reader.expected("a number of seconds, or a duration such as \"500ms\"", raw);
  } else if (const auto value = reader.duration(raw, 0s)) {
    service.start_seconds = *value;
  }
}

const Key<Service> kServiceKeys[] = {
    {.info = {.name = "command",
              .type = "list of texts, or text",
              .fallback = "(required)",
              .unit = "",
              .doc = "What is run. A list is the program and its arguments, run directly. Text is split into words, "
                     "with the quotes of a shell, and run directly too, unless it holds shell syntax: then /bin/sh -c "
                     "runs it (see `shell`). In each argument `%i` becomes the number of the worker, from 0, `%n` the "
                     "name of the service, and `%%` a percent sign.",
              .example = "[\"redis-server\", \"--port\", \"6390\"]",
              .also = "cmd exec run program start entrypoint"},
     .read = read_command,
     .write = write_command},
    {.info = {.name = "shell",
              .type = "true or false",
              .fallback = "(by the text)",
              .unit = "",
              .doc = "`true`: /bin/sh -c runs the text of `command`, whatever it holds. `false`: never. Without it, a "
                     "shell is used where the text holds what only a shell knows: `| & ; < > ( ) { } $ * ? [` or a "
                     "backquote, `~` or `#` "
                     "before a word, a variable set in front, a reserved word, or a builtin such as cd.",
              .example = "true",
              .also = "use-shell"},
     .read = read_shell,
     .write = write_shell},
    {.info = {.name = "command-text",
              .type = "text",
              .fallback = "(the command)",
              .unit = "",
              .doc = "How the command is shown where that differs from what is run. foster writes it; people need not.",
              .example = "\"nginx\"",
              .also = "title"},
     .read = read_command_text,
     .write = write_command_text},
    {.info = {.name = "directory",
              .type = "path",
              .fallback = "(the directory of the file)",
              .unit = "",
              .doc = "Where it is run, relative to the file. Empty text: where foster itself was started.",
              .example = "\"app\"",
              .also = "cwd dir workdir working-directory workingdirectory chdir root"},
     .read = read_directory,
     .write = [](const Service& service) -> std::optional<Raw> { return Raw(service.directory); }},
    {.info = {.name = "env-file",
              .type = "path or list of paths",
              .fallback = "(none)",
              .unit = "",
              .doc = "Files of KEY=VALUE lines, relative to this file, read with it. A later file wins over an earlier "
                     "one, and `environment` wins over both.",
              .example = "\".env\"",
              .also = "dotenv environment-file environmentfile env-files"},
     .read = read_env_file,
     .write = [](const Service&) -> std::optional<Raw> { return std::nullopt; }},
    {.info = {.name = "environment",
              .type = "table of texts",
              .fallback = "{}",
              .unit = "",
              .doc = "Variables added to the environment foster was started with, or replacing those of the same name.",
              .example = "{ REDIS_PORT = \"6390\" }",
              .also = "env vars variables"},
     .read = read_environment,
     .write = write_environment},
    {.info = {.name = "clear-environment",
              .type = "true or false",
              .fallback = "false",
              .unit = "",
              .doc = "Inherit nothing: the service sees `env-file`, `environment` and what foster itself sets, alone.",
              .example = "true",
              .also = "clean-environment clear-env"},
     .read = read_flag<&Service::clear_environment>,
     .write = write_flag<&Service::clear_environment>},
    {.info = {.name = "user",
              .type = "name or number",
              .fallback = "(unchanged)",
              .unit = "",
              .doc = "Who it runs as. Only root may change that.",
              .example = "\"www-data\"",
              .also = "uid run-as"},
     .read = read_account<&Service::user>,
     .write = write_text<&Service::user>},
    {.info = {.name = "group",
              .type = "name or number",
              .fallback = "(the user's)",
              .unit = "",
              .doc = "The group it runs as.",
              .example = "\"adm\"",
              .also = "gid"},
     .read = read_account<&Service::group>,
     .write = write_text<&Service::group>},
    {.info = {.name = "umask",
              .type = "octal digits in quotes",
              .fallback = "\"022\"",
              .unit = "permission bits",
              .doc = "The permissions that files it creates do not get.",
              .example = "\"027\"",
              .also = "mask"},
     .read = read_umask,
     .write = [](const Service& service) -> std::optional<Raw> {
       if (!service.umask) return std::nullopt;
       return Raw(format_mode(*service.umask));
     }},
    {.info = {.name = "stdin",
              .type = "path, true or table",
              .fallback = "\"/dev/null\"",
              .unit = "",
              .doc = "What it reads as its standard input, relative to its directory. With `true` that is a pipe which "
                     "stays open: a program that ends at the end of its input goes on, and what supervisorctl or an "
                     "XML-RPC client sends to the service arrives there. A table makes it a socket that listens.",
              .example = "\"input.txt\"",
              .also = "input standard-input"},
     .read = read_stdin,
     .write = write_stdin,
     .children = keys_of<core::StdinSocket, stdin_keys>},
    {.info = {.name = "type",
              .type = "\"simple\" or \"forking\"",
              .fallback = "\"simple\"",
              .unit = "",
              .doc = "`simple`: the process that is started is the service. `forking`: it is a launcher, which leaves "
                     "a daemon behind and exits; foster adopts the daemon and supervises it like any other.",
              .example = "\"forking\"",
              .also = "kind daemon"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Service& service) {
           const auto word = reader.word(raw, kTypeWords);
           if (word) service.type = *word == 0 ? core::ServiceType::simple : core::ServiceType::forking;
         },
     .write = [](const Service& service) -> std::optional<Raw> {
       if (service.type == core::ServiceType::simple) return std::nullopt;
       return Raw(std::string(kTypeWords[1]));
     }},
    {.info = {.name = "pidfile",
              .type = "path",
              .fallback = "(none)",
              .unit = "",
              .doc = "The file in which a `forking` service leaves the pid of its daemon, relative to its directory. "
                     "Without it the daemon is found by its ancestry.",
              .example = "\"nginx.pid\"",
              .also = "pid-file pid"},
     .read = read_path<&Service::pidfile>,
     .write = write_text<&Service::pidfile>},
    {.info = {.name = "workers",
              .type = "number",
              .fallback = "1",
              .unit = "instances",
              .doc = "How many of it run, as NAME:0, NAME:1 and so on. From 1 to 1000.",
              .example = "4",
              .also = "instances numprocs processes replicas scale count"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Service& service) {
           const auto value = reader.integer(raw, 1, kMaxWorkers);
           if (value) service.workers = static_cast<unsigned>(*value);
         },
     .write = [](const Service& service) -> std::optional<Raw> {
       if (service.workers == 1) return std::nullopt;
       return Raw(static_cast<std::int64_t>(service.workers));
     }},
    {.info = {.name = "needs",
              .type = "list of service names",
              .fallback = "[]",
              .unit = "",
              .doc = "It is started when these are ready, and stopped before them.",
              .example = "[\"redis\"]",
              .also = "depends depends-on requires wants dependencies"},
     .read = read_names<&Service::needs>,
     .write = write_names<&Service::needs>},
    {.info = {.name = "after",
              .type = "list of service names",
              .fallback = "[]",
              .unit = "",
              .doc = "Order alone: when both start, it waits for these; when both stop, it stops first.",
              .example = "[\"app\"]",
              .also = "before order priority"},
     .read = read_names<&Service::after>,
     .write = write_names<&Service::after>},
    {.info = {.name = "autostart",
              .type = "true or false",
              .fallback = "true",
              .unit = "",
              .doc = "Started with foster. Otherwise it waits for `foster start`, or for a service that needs it.",
              .example = "false",
              .also = "enabled start auto-start"},
     .read = read_flag<&Service::autostart>,
     .write = write_flag<&Service::autostart>},
    {.info = {.name = "essential",
              .type = "true or false",
              .fallback = "false",
              .unit = "",
              .doc = "When it has failed for good, everything is stopped and foster exits with its code.",
              .example = "true",
              .also = "critical required main"},
     .read = read_flag<&Service::essential>,
     .write = write_flag<&Service::essential>},
    {.info = {.name = "restart",
              .type = "\"always\", \"on-failure\" or \"never\"",
              .fallback = "\"on-failure\"",
              .unit = "",
              .doc = "What follows when it ends by itself. `on-failure`: it is started again unless it exited with 0 "
                     "(or another of `success-exit-codes`).",
              .example = "\"always\"",
              .also = "autorestart restart-policy respawn"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Service& service) {
           constexpr std::array kWhen{core::RestartWhen::always, core::RestartWhen::on_failure,
                                      core::RestartWhen::never};
           if (const auto word = reader.word(raw, kRestartWords)) service.restart = kWhen[*word];
         },
     .write = [](const Service& service) -> std::optional<Raw> {
       if (service.restart == Service{}.restart) return std::nullopt;
       return Raw(std::string(kRestartWords[static_cast<std::size_t>(service.restart)]));
     }},
    {.info = {.name = "backoff",
              .type = "table",
              .fallback = "(see its keys)",
              .unit = "",
              .doc = "How long to wait before each further try when it fails again and again.",
              .example = "{ initial = \"100ms\", max = \"30s\", factor = 2, jitter = 0.1, reset-after = \"10s\" }",
              .also = "delay restart-delay restartsec"},
     .read = read_backoff,
     .write = write_backoff,
     .children = keys_of<core::Backoff, backoff_keys>},
    {.info = {.name = "limit",
              .type = "table or \"none\"",
              .fallback = "(see its keys)",
              .unit = "",
              .doc = "More failures than this: the service is `failed`. `\"none\"`: it is tried for ever, slowly.",
              .example = "{ count = 5, within = \"10s\" }",
              .also = "retries max-restarts"},
     .read = read_limit,
     .write = write_limit,
     .children = keys_of<core::Limit, limit_keys>},
    {.info = {.name = "start-retries",
              .type = "number or \"none\"",
              .fallback = "\"none\"",
              .unit = "tries",
              .doc =
                  "How often a start that failed is tried again, with the waits of `backoff`: a run that ended before "
                  "it was ready, with whatever code, or that could not be begun. This holds whatever `restart` says "
                  "and does not count for `limit`; a run that was ready ends the row. After the last of them the "
                  "service is `failed`. With `\"none\"` a failed start is a failure like any other.",
              .example = "3",
              .also = "startretries start-limit tries attempts"},
     .read = read_start_retries,
     .write = write_start_retries},
    {.info = {.name = "success-exit-codes",
              .type = "list of numbers",
              .fallback = "[0]",
              .unit = "exit codes",
              .doc = "An exit with one of these is a success: `restart = \"on-failure\"` leaves it at that, and what "
                     "needs the service goes on. From 0 to 255; the end by a signal never is one.",
              .example = "[0, 2]",
              .also = "exitcodes successexitstatus exit-codes"},
     .read = read_success_exit_codes,
     .write = write_success_exit_codes},
    {.info = {.name = "stop",
              .type = "table or signal",
              .fallback = "(see its keys)",
              .unit = "",
              .doc = "How it is stopped. `stop = \"INT\"` is short for `{ signal = \"INT\" }`.",
              .example = "{ signal = \"TERM\", timeout = \"10s\" }",
              .also = "stopsignal kill stop-signal killmode"},
     .read = read_stop,
     .write = write_stop,
     .children = keys_of<core::StopPolicy, stop_keys>},
    {.info = {.name = "ready",
              .type = "table, or \"none\", \"notify\" or \"forking\"",
              .fallback = "\"none\"",
              .unit = "",
              .doc = "What makes it ready. What needs it waits for that. The table holds exactly one of how, fd, tcp, "
                     "http, exec and log. `ready = \"notify\"` is short for `{ how = \"notify\" }`. With "
                     "`type = \"forking\"` the default is `\"forking\"`.",
              .example = "{ tcp = \"127.0.0.1:6390\", timeout = \"5s\" }",
              .also = "readiness healthcheck health-check probe"},
     .read = [](Reader& reader, const Raw& raw, const RawTable&,
                Service& service) { read_ready(reader, raw, service.ready); },
     .write = [](const Service& service) -> std::optional<Raw> {
       if (service.ready == default_readiness(service.type)) return std::nullopt;
       return write_ready(service.ready);
     },
     .children = keys_of<core::Readiness, ready_keys>},
    {.info = {.name = "start-seconds",
              .type = "duration or number",
              .fallback = "\"1s\"",
              .unit = "seconds",
              .doc = "With `ready = \"none\"`: up for this long is ready. A number is seconds.",
              .example = "\"500ms\"",
              .also = "startsecs start-time min-uptime"},
     .read = read_start_seconds,
     .write = [](const Service& service) -> std::optional<Raw> {
       if (service.start_seconds == Service{}.start_seconds) return std::nullopt;
       return Raw(format_duration(service.start_seconds));
     }},
    {.info = {.name = "log",
              .type = "table or \"none\"",
              .fallback = "(see its keys)",
              .unit = "",
              .doc = "Where its output goes: one file an instance, rotated by size. `\"none\"`: /dev/null.",
              .example = "{ max-size = \"10MB\", keep = 5 }",
              .also = "logs logging output stdout stderr"},
     .read = read_log,
     .write = write_log,
     .children = keys_of<core::LogPolicy, log_keys>},
    {.info =
         {.name = "stderr-log",
          .type =
              "table or \"none\"",
          .fallback = "(with stdout)",
          .unit =
              "",
          .doc =
              "Keeps what it writes to stderr apart, in a file of its own, with the keys of `log`; an empty table will "
              "do. `\"none\"`: /dev/null. By default both streams are in one log, in the order of the writes.",
          .example = "{ file = \"/var/log/shop/web.err\" }",
          .also = "stderr error-log stderr_logfile redirect_stderr err"},
     .read = read_stderr_log,
     .write = write_stderr_log},
};

}  // namespace

std::span<const Key<Service>> service_keys() {
  return kServiceKeys;
}

core::Readiness default_readiness(core::ServiceType type) {
  core::Readiness ready;
  if (type == core::ServiceType::forking) ready.how = core::ReadyForking{};
  return ready;
}

}  // namespace foster::config
