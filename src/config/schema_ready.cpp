// The keys of `ready`: what makes an instance ready, one key a way.
#include <algorithm>
#include <array>
#include <regex>

#include <fmt/format.h>

#include "config/address.hpp"
#include "config/schema.hpp"
#include "config/schema_ready.hpp"
#include "config/shell_words.hpp"

namespace foster::config {

namespace {

using namespace std::chrono_literals;
using core::Readiness;

constexpr core::Duration kShortest = 1ms;
constexpr int kHighestFd = 1023;
// A longer pattern is a mistake, and the library that compiles it recurses.
constexpr std::size_t kMaxPattern = 1024;

constexpr std::array kWords = std::to_array<std::string_view>({"none", "notify", "forking"});
constexpr std::array kWays = std::to_array<std::string_view>({"how", "fd", "tcp", "http", "exec", "log"});

void read_word(Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
  const auto word = reader.word(raw, kWords);
  if (!word) return;
  if (*word == 0) ready.how = core::ReadyNone{};
  if (*word == 1) ready.how = core::ReadyNotify{};
  if (*word == 2) ready.how = core::ReadyForking{};
}

void read_fd(Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
  const auto* number = raw.as<std::int64_t>();
  if (number != nullptr && *number >= 0 && *number <= 2) {
    reader.error(raw.where(), fmt::format("descriptor {} is taken: 0, 1 and 2 are stdin, stdout and stderr", *number),
                 "use 3");
  } else if (const auto value = reader.integer(raw, 3, kHighestFd)) {
    ready.how = core::ReadyFd{.number = static_cast<int>(*value)};
  }
}

void read_tcp(Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
  if (const auto* number = raw.as<std::int64_t>()) {
    auto address = parse_tcp_address(fmt::format("{}", *number));
    if (!address) return reader.error(raw.where(), fmt::format("{} is no port", *number), "a port is 1 to 65535");
    ready.how = std::move(*address);
  } else if (auto address = reader.parsed<core::ReadyTcp>(raw, "\"host:port\" or a port", parse_tcp_address)) {
    ready.how = std::move(*address);
  }
}

void read_http(Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
  if (auto url = reader.parsed<core::ReadyHttp>(raw, "\"http://host:port/path\"", parse_http_url)) {
    ready.how = std::move(*url);
  }
}

void read_exec(Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
  core::ReadyExec exec;
  if (raw.as<RawArray>() != nullptr) {
    auto argv = reader.texts(raw);
    if (!argv) return;
    exec.argv = std::move(*argv);
  } else if (raw.as<std::string>() != nullptr) {
    const auto text = reader.text(raw);
    if (!text) return;
    if (needs_shell(*text)) {
      exec.argv = {"/bin/sh", "-c", *text};
    } else {
      exec.argv = split_words(*text).value_or(std::vector<std::string>{});
    }
  } else {
    return reader.expected("a command: a list of texts, or text", raw);
  }
  if (exec.argv.empty() || exec.argv.front().empty()) return reader.error(raw.where(), "the command is empty");
  ready.how = std::move(exec);
}

void read_log(Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
  const auto pattern = reader.text(raw);
  if (!pattern) return;
  if (pattern->empty()) return reader.error(raw.where(), "the pattern is empty: every line would match it");
  if (pattern->size() > kMaxPattern) {
    return reader.error(raw.where(), fmt::format("the pattern is longer than {} bytes", kMaxPattern));
  }
  try {
    (void)std::regex(*pattern, std::regex::ECMAScript);
  } catch (const std::regex_error& problem) {
    return reader.error(raw.where(), fmt::format("\"{}\" is no regular expression: {}", *pattern, problem.what()),
                        "the syntax is that of ECMAScript; in TOML, '…' keeps backslashes as they are");
  }
  ready.how = core::ReadyLog{.pattern = *pattern};
}

template <class Way, auto format>
std::optional<Raw> write_way(const Readiness& ready) {
  const auto* way = std::get_if<Way>(&ready.how);
  if (way == nullptr) return std::nullopt;
  return Raw(format(*way));
}

std::optional<Raw> write_how(const Readiness& ready) {
  if (std::holds_alternative<core::ReadyNone>(ready.how)) return Raw(std::string(kWords[0]));
  if (std::holds_alternative<core::ReadyNotify>(ready.how)) return Raw(std::string(kWords[1]));
  if (std::holds_alternative<core::ReadyForking>(ready.how)) return Raw(std::string(kWords[2]));
  return std::nullopt;
}

std::int64_t fd_number(const core::ReadyFd& fd) {
  return fd.number;
}
std::string log_pattern(const core::ReadyLog& log) {
  return log.pattern;
}
RawArray exec_words(const core::ReadyExec& exec) {
  RawArray words;
  for (const std::string& word : exec.argv) words.emplace_back(word);
  return words;
}

const Key<Readiness> kReadyKeys[] = {
    {.info = {.name = "how",
              .type = "\"none\", \"notify\" or \"forking\"",
              .fallback = "\"none\"",
              .unit = "",
              .doc = "`none`: it stays up for `start-seconds`. `notify`: it says READY=1 on the socket that "
                     "NOTIFY_SOCKET names, as sd_notify(3) does. `forking`: the launcher exited with 0 and the daemon "
                     "it left behind lives; only with `type = \"forking\"`, and the default there.",
              .example = "\"notify\"",
              .also = "type kind"},
     .read = read_word,
     .write = write_how},
    {.info = {.name = "fd",
              .type = "number",
              .fallback = "(unset)",
              .unit = "descriptor",
              .doc = "It writes a newline to this file descriptor. From 3 to 1023.",
              .example = "3",
              .also = "notification-fd"},
     .read = read_fd,
     .write = write_way<core::ReadyFd, fd_number>},
    {.info = {.name = "tcp",
              .type = "\"host:port\" or a port",
              .fallback = "(unset)",
              .unit = "",
              .doc = "A connection to this address succeeds. A port alone is on 127.0.0.1; an IPv6 address stands in "
                     "brackets.",
              .example = "\"127.0.0.1:6390\"",
              .also = "port socket connect"},
     .read = read_tcp,
     .write = write_way<core::ReadyTcp, format_tcp_address>},
    {.info = {.name = "http",
              .type = "URL",
              .fallback = "(unset)",
              .unit = "",
              .doc = "GET of this URL answers with a status from 200 to 399. Plain http only.",
              .example = "\"http://127.0.0.1:8080/health\"",
              .also = "url https get"},
     .read = read_http,
     .write = write_way<core::ReadyHttp, format_http_url>},
    {.info = {.name = "exec",
              .type = "command",
              .fallback = "(unset)",
              .unit = "",
              .doc = "This command, written like `command`, exits with 0.",
              .example = "[\"redis-cli\", \"ping\"]",
              .also = "command cmd check script"},
     .read = read_exec,
     .write = write_way<core::ReadyExec, exec_words>},
    {.info = {.name = "log",
              .type = "regular expression",
              .fallback = "(unset)",
              .unit = "",
              .doc = "A line of its output holds a match of this regular expression, in ECMAScript's syntax. The log "
                     "must be a regular file.",
              .example = "'Ready to accept connections'",
              .also = "output pattern regex line match"},
     .read = read_log,
     .write = write_way<core::ReadyLog, log_pattern>},
    {.info = {.name = "timeout",
              .type = "duration",
              .fallback = "\"30s\"",
              .unit = "time",
              .doc = "Not ready by then counts as a failure. Not used by `none`.",
              .example = "\"5s\"",
              .also = "within start-timeout"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
           if (const auto value = reader.duration(raw, kShortest)) ready.timeout = *value;
         },
     .write = [](const Readiness& ready) -> std::optional<Raw> {
       if (ready.timeout == Readiness{}.timeout) return std::nullopt;
       return Raw(format_duration(ready.timeout));
     }},
    {.info = {.name = "interval",
              .type = "duration",
              .fallback = "\"100ms\"",
              .unit = "time",
              .doc = "The time between two tries of `tcp`, `http` and `exec`.",
              .example = "\"1s\"",
              .also = "period every"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Readiness& ready) {
           if (const auto value = reader.duration(raw, kShortest)) ready.interval = *value;
         },
     .write = [](const Readiness& ready) -> std::optional<Raw> {
       if (ready.interval == Readiness{}.interval) return std::nullopt;
       return Raw(format_duration(ready.interval));
     }},
};

// Exactly one key says how.
void check_ways(Reader& reader, const Raw& raw, const RawTable& table) {
  const RawEntry* first = nullptr;
  for (const RawEntry& entry : table.entries()) {
    if (std::ranges::find(kWays, entry.key) == kWays.end()) continue;
    if (first == nullptr) {
      first = &entry;
    } else {
      reader.error(entry.where, fmt::format("\"{}\" and \"{}\" are two ways to become ready", first->key, entry.key),
                   "keep one of them");
    }
  }
  if (first == nullptr) {
    reader.error(raw.where(), "the table does not say what makes the service ready",
                 "add one of how, fd, tcp, http, exec and log");
  }
}

}  // namespace

std::span<const Key<Readiness>> ready_keys() {
  return kReadyKeys;
}

void read_ready(Reader& reader, const Raw& raw, Readiness& ready) {
  if (raw.as<std::string>() != nullptr) {
    read_word(reader, raw, {}, ready);
  } else if (const auto* table = raw.as<RawTable>()) {
    check_ways(reader, raw, *table);
    read_table(reader, *table, ready_keys(), ready);
  } else {
    reader.expected("\"none\", \"notify\", \"forking\" or a table such as { tcp = \"127.0.0.1:80\" }", raw);
  }
}

Raw write_ready(const Readiness& ready) {
  RawTable table = write_table(ready_keys(), ready);
  const RawEntry& first = table.entries().front();
  // The word alone says it all where the rest has its defaults.
  if (table.entries().size() == 1 && first.key == "how") return first.value;
  return Raw(std::move(table));
}

}  // namespace foster::config
