// The keys of a log: where output goes, and what becomes of it on the way.
#include <algorithm>
#include <array>

#include "config/schema.hpp"
#include "config/schema_policies.hpp"
#include "config/values.hpp"

namespace foster::config {

namespace {

using core::LogPolicy;
using core::Service;
using core::WhenLogFull;

constexpr unsigned kMaxKept = 1000;

constexpr std::array kNone = std::to_array<std::string_view>({"none"});
// In the order of core::WhenLogFull.
constexpr std::array kWhenFullWords = std::to_array<std::string_view>({"drop-oldest", "block"});

template <bool LogPolicy::* member>
void read_flag(Reader& reader, const Raw& raw, const RawTable&, LogPolicy& log) {
  if (const auto value = reader.boolean(raw)) log.*member = *value;
}

template <bool LogPolicy::* member>
std::optional<Raw> write_flag(const LogPolicy& log) {
  if (!(log.*member)) return std::nullopt;
  return Raw(true);
}

void read_max_size(Reader& reader, const Raw& raw, const RawTable&, LogPolicy& log) {
  const auto* word = raw.as<std::string>();
  if (word != nullptr && *word == "unlimited") {
    log.max_size.reset();
  } else if (raw.as<std::int64_t>() != nullptr && *raw.as<std::int64_t>() == 0) {
    reader.error(raw.where(), "0 is too small", "write \"unlimited\" for no rotation");
  } else if (const auto value = reader.size(raw, 1)) {
    log.max_size = value;
  }
}

const Key<LogPolicy> kLogKeys[] = {
    {.info = {.name = "file",
              .type = "path or \"none\"",
              .fallback = "(in foster's log directory)",
              .unit = "",
              .doc = "Where the output goes, in a directory that exists. `%i` is the worker's number, `%n` the "
                     "service's name. A relative path starts at the config file. By default it is a file in foster's "
                     "log directory, named after the instance. What is no regular file, as a FIFO or `/dev/stdout`, is "
                     "written to as it takes the bytes, and neither rotated nor shown by `foster logs`. `\"none\"`: "
                     "no file.",
              .example = "\"/var/log/shop/web.log\"",
              .also = "path filename logfile stdout_logfile stderr_logfile"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, LogPolicy& log) {
           const auto path = reader.text(raw);
           log.enabled = path != kNone[0];
           if (path && !path->empty() && log.enabled) log.file = absolute_path(reader.base_directory(), *path);
         },
     .write = [](const LogPolicy& log) -> std::optional<Raw> {
       if (!log.enabled) return Raw(std::string(kNone[0]));
       if (log.file.empty()) return std::nullopt;
       return Raw(log.file);
     }},
    {.info = {.name = "max-size",
              .type = "size or \"unlimited\"",
              .fallback = "\"10MB\"",
              .unit = "bytes",
              .doc = "The file is rotated when it reaches this size. `\"unlimited\"`: never.",
              .example = "\"64MiB\"",
              .also = "size maxbytes limit"},
     .read = read_max_size,
     .write = [](const LogPolicy& log) -> std::optional<Raw> {
       if (log.max_size == LogPolicy{}.max_size) return std::nullopt;
       return Raw(log.max_size ? format_size(*log.max_size) : std::string("unlimited"));
     }},
    {.info = {.name = "keep",
              .type = "number",
              .fallback = "5",
              .unit = "files",
              .doc = "How many rotated files stay beside the current one. From 0 to 1000.",
              .example = "10",
              .also = "backups files count"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, LogPolicy& log) {
           if (const auto value = reader.integer(raw, 0, kMaxKept)) log.keep = static_cast<unsigned>(*value);
         },
     .write = [](const LogPolicy& log) -> std::optional<Raw> {
       if (log.keep == LogPolicy{}.keep) return std::nullopt;
       return Raw(static_cast<std::int64_t>(log.keep));
     }},
    {.info = {.name = "when-full",
              .type = "\"drop-oldest\" or \"block\"",
              .fallback = "\"drop-oldest\"",
              .unit = "",
              .doc =
                  "What becomes of output while the log cannot be written: no space, a quota, a file system that is "
                  "read-only. Up to 512 KiB wait for better times in any case. Then `\"drop-oldest\"` makes room, so "
                  "that the service never waits: where space is missing it removes the oldest rotated files of this "
                  "instance, and after them it drops the oldest output that waits. `foster ps` and `foster why` tell "
                  "how many bytes are gone, and where the log goes on, a line of its own says `foster: 12345 bytes "
                  "were dropped here: No space left on device`. With `\"block\"` nothing is lost and no such line "
                  "is ever written, and a service that writes on waits until there is room.",
              .example = "\"block\"",
              .also = "log-full full disk drop enospc"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, LogPolicy& log) {
           if (const auto word = reader.word(raw, kWhenFullWords)) log.when_full = static_cast<WhenLogFull>(*word);
         },
     .write = [](const LogPolicy& log) -> std::optional<Raw> {
       if (log.when_full == LogPolicy{}.when_full) return std::nullopt;
       return Raw(std::string(kWhenFullWords[static_cast<std::size_t>(log.when_full)]));
     }},
    {.info = {.name = "syslog",
              .type = "boolean",
              .fallback = "false",
              .unit = "",
              .doc = "Sends each line to the system's log, too (`/dev/log`, facility user, priority info), behind the "
                     "name of the instance. A line that is too long for one message is sent in parts; what the "
                     "system's log does not take at once it "
                     "misses.",
              .example = "true",
              .also = "stdout_syslog stderr_syslog journal log-to"},
     .read = read_flag<&LogPolicy::syslog>,
     .write = write_flag<&LogPolicy::syslog>},
    {.info = {.name = "strip-ansi",
              .type = "boolean",
              .fallback = "false",
              .unit = "",
              .doc = "Leaves out the sequences that colour a terminal or move its cursor (ESC `[` … letter).",
              .example = "true",
              .also = "strip_ansi colour color escape"},
     .read = read_flag<&LogPolicy::strip_ansi>,
     .write = write_flag<&LogPolicy::strip_ansi>},
    {.info = {.name = "capture",
              .type = "size",
              .fallback = "(off)",
              .unit = "bytes",
              .doc =
                  "What stands between `<!--XSUPERVISOR:BEGIN-->` and `<!--XSUPERVISOR:END-->` is kept out of the "
                  "log, and event listeners are told the last so many bytes of it. By default the tags mean nothing.",
              .example = "\"64KiB\"",
              .also = "stdout_capture_maxbytes stderr_capture_maxbytes"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, LogPolicy& log) {
           if (const auto value = reader.size(raw, 1)) log.capture = value;
         },
     .write = [](const LogPolicy& log) -> std::optional<Raw> {
       if (!log.capture) return std::nullopt;
       return Raw(format_size(*log.capture));
     }},
    {.info = {.name = "events",
              .type = "boolean",
              .fallback = "false",
              .unit = "",
              .doc = "Tells event listeners what is written (`foster supervisord`).",
              .example = "true",
              .also = "stdout_events_enabled stderr_events_enabled"},
     .read = read_flag<&LogPolicy::events>,
     .write = write_flag<&LogPolicy::events>},
};

void read_log_policy(Reader& reader, const Raw& raw, LogPolicy& log) {
  if (const auto* table = raw.as<RawTable>()) {
    read_table(reader, *table, log_keys(), log);
  } else if (raw.as<std::string>() == nullptr) {
    reader.expected("\"none\" or a table such as { max-size = \"10MB\", keep = 5 }", raw);
  } else if (reader.word(raw, kNone)) {
    log.enabled = false;
  }
}

Raw write_log_policy(const LogPolicy& log) {
  return log == LogPolicy{.enabled = false} ? Raw(std::string(kNone[0])) : Raw(write_table(log_keys(), log));
}

}  // namespace

std::span<const Key<LogPolicy>> log_keys() {
  return kLogKeys;
}

void read_log(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  read_log_policy(reader, raw, service.log);
}

void read_stderr_log(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  read_log_policy(reader, raw, service.stderr_log.emplace());
}

std::optional<Raw> write_log(const Service& service) {
  if (service.log == Service{}.log) return std::nullopt;
  return write_log_policy(service.log);
}

std::optional<Raw> write_stderr_log(const Service& service) {
  if (!service.stderr_log) return std::nullopt;
  return write_log_policy(*service.stderr_log);
}

}  // namespace foster::config
