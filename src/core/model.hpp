// What a config declares, as values: services and the policies that keep them running. Defaults are
// the ones a service gets when its key is absent; config/schema holds the same keys with their words.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <foster/exit_status.hpp>
#include <foster/signal.hpp>

#include "core/time.hpp"

namespace foster::core {

using namespace std::chrono_literals;

enum class RestartWhen : std::uint8_t { always, on_failure, never };

/// How long to wait before the next try after repeated failures. The first restart after a healthy
/// run (one that became ready) is immediate.
struct Backoff {
  Duration initial = 100ms;    ///< Before the second try in a row.
  Duration max = 30s;          ///< Never longer than this.
  double factor = 2;           ///< Each further try waits this many times as long. At least 1.
  Duration step{};             ///< And this much longer: with factor 1 the waits grow by the same each time.
  double jitter = 0.1;         ///< Random share added or taken, 0 to 1, so that many do not retry at once.
  Duration reset_after = 10s;  ///< A run ready for this long ends the row of failures.
  friend bool operator==(const Backoff&, const Backoff&) = default;
};

/// More failures than `count` within `within`: the instance is `failed`.
struct Limit {
  unsigned count = 5;  ///< 1 to 16.
  Duration within = 10s;
  friend bool operator==(const Limit&, const Limit&) = default;
};

/// Who gets the stop signal.
enum class StopTarget : std::uint8_t {
  main,   ///< The main process.
  group,  ///< Its whole process group.
};

struct StopPolicy {
  Signal signal = *Signal::from_number(SIGTERM);
  Duration timeout = 10s;  ///< Then SIGKILL for everything left.
  StopTarget target = StopTarget::main;
  friend bool operator==(const StopPolicy&, const StopPolicy&) = default;
};

// What makes an instance ready. One alternative a word of the config.
struct ReadyNone {  ///< It stays up for the service's `start_seconds`.
  friend bool operator==(const ReadyNone&, const ReadyNone&) = default;
};
struct ReadyNotify {  ///< READY=1 on its notify socket (sd_notify(3)).
  friend bool operator==(const ReadyNotify&, const ReadyNotify&) = default;
};
struct ReadyForking {  ///< The launcher exited 0 and the pidfile names a live descendant.
  friend bool operator==(const ReadyForking&, const ReadyForking&) = default;
};
struct ReadyFd {  ///< A newline on this descriptor, as s6 does.
  int number = 3;
  friend bool operator==(const ReadyFd&, const ReadyFd&) = default;
};
struct ReadyTcp {  ///< A connection to this address succeeds.
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const ReadyTcp&, const ReadyTcp&) = default;
};
struct ReadyHttp {  ///< GET answers 200 to 399. Plain http only.
  std::string host;
  std::uint16_t port = 80;
  std::string target = "/";
  friend bool operator==(const ReadyHttp&, const ReadyHttp&) = default;
};
struct ReadyExec {  ///< The command exits 0.
  std::vector<std::string> argv;
  friend bool operator==(const ReadyExec&, const ReadyExec&) = default;
};
struct ReadyLog {  ///< A line of its output matches (ECMAScript regular expression).
  std::string pattern;
  friend bool operator==(const ReadyLog&, const ReadyLog&) = default;
};

struct Readiness {
  std::variant<ReadyNone, ReadyNotify, ReadyForking, ReadyFd, ReadyTcp, ReadyHttp, ReadyExec, ReadyLog> how;
  Duration timeout = 30s;     ///< Not ready by then: a failure. Not used by ReadyNone.
  Duration interval = 100ms;  ///< Between two probes of tcp, http and exec.
  friend bool operator==(const Readiness&, const Readiness&) = default;
};

/// What becomes of output while its log cannot be written.
enum class WhenLogFull : std::uint8_t {
  drop_oldest,  ///< The oldest bytes make room for new ones, and are counted.
  block,        ///< Nothing is lost: the service waits.
};

/// What a service writes to.
enum class Stream : std::uint8_t { out, err };

/// What becomes of output.
struct LogPolicy {
  bool enabled = true;                                 ///< false: it is kept nowhere.
  std::string file = {};                               ///< Absolute; "%i" as in argv. Empty: in the log directory.
  std::optional<std::uint64_t> max_size = 10'000'000;  ///< Bytes; empty: no rotation.
  unsigned keep = 5;                                   ///< Rotated files beside the current one.
  WhenLogFull when_full = WhenLogFull::drop_oldest;
  bool syslog = false;                        ///< Each line goes to the system's log, too.
  bool strip_ansi = false;                    ///< Without the sequences that colour a terminal.
  std::optional<std::uint64_t> capture = {};  ///< What stands between tags is told and not logged, so many bytes of it.
  bool events = false;                        ///< Whoever listens to events is told what is written.
  friend bool operator==(const LogPolicy&, const LogPolicy&) = default;
};

/// A socket that listens, as stdin: all services that name one address share it.
struct StdinSocket {
  std::string address;   ///< "unix:///run/app.sock" or "tcp://localhost:9000".
  unsigned mode = 0700;  ///< Of the file of a unix socket.
  std::string owner;     ///< Of that file: "user" or "user:group"; empty: the service's user.
  int backlog = 4096;    ///< Connections that may wait.
  friend bool operator==(const StdinSocket&, const StdinSocket&) = default;
};

enum class ServiceType : std::uint8_t { simple, forking };

struct Service {
  std::string name;
  std::vector<std::string> argv;  ///< What is executed; "%i" in an element becomes the worker's number, "%%" a "%".
  std::string command_text;       ///< As written, for people.
  bool shell = false;             ///< argv is {"/bin/sh", "-c", text}.
  ServiceType type = ServiceType::simple;
  std::string directory;                                         ///< Absolute; empty: the supervisor's own.
  std::vector<std::pair<std::string, std::string>> environment;  ///< Added to, or replacing, the inherited one.
  bool clear_environment = false;                                ///< Inherit nothing.
  std::string user;                                              ///< Name or number; empty: unchanged.
  std::string group;                                             ///< Empty: the user's.
  std::optional<unsigned> umask;                                 ///< Empty: 022.
  std::string stdin_path;                                        ///< Empty: /dev/null.
  bool stdin_pipe = false;                  ///< Instead, a pipe that stays open and can be sent to.
  std::optional<StdinSocket> stdin_socket;  ///< Instead, a socket that listens.
  std::string pidfile;                      ///< Absolute; for type forking.
  unsigned workers = 1;                     ///< Instances.
  bool autostart = true;
  bool essential = false;          ///< When it has failed for good, everything is stopped.
  std::vector<std::string> needs;  ///< Ready before this starts, stopped after it.
  std::vector<std::string> after;  ///< Order only, when both start or stop.
  RestartWhen restart = RestartWhen::on_failure;
  Backoff backoff;
  std::optional<Limit> limit = Limit{};  ///< Empty: keep trying for ever.
  /// A start that failed (its run ended before it was ready, however, or could not be spawned) is tried again this
  /// often, whatever `restart` says; then it is `failed`. Such failures do not count for `limit`, and a run that was
  /// ready ends the row. Empty: failed starts are failures like any other.
  std::optional<unsigned> start_retries;
  std::vector<std::uint8_t> success_exit_codes = {0};  ///< An exit with one of these is a success.
  StopPolicy stop;
  Readiness ready;
  Duration start_seconds = 1s;          ///< With ReadyNone: up for this long is ready.
  LogPolicy log;                        ///< Of stdout, and of stderr unless that has one of its own.
  std::optional<LogPolicy> stderr_log;  ///< Empty: where stdout goes.

  friend bool operator==(const Service&, const Service&) = default;
};

/// An exit as it should be.
[[nodiscard]] inline bool is_success_of(const Service& service, const ExitStatus& status) {
  const auto* exited = std::get_if<Exited>(&status);
  return exited != nullptr &&
         std::ranges::find(service.success_exit_codes, exited->code) != service.success_exit_codes.end();
}

/// What becomes of a stream that goes to a place of its own; null: of stderr, which goes where stdout goes.
[[nodiscard]] inline const LogPolicy* own_log(const Service& service, Stream stream) {
  if (stream == Stream::out) return &service.log;
  return service.stderr_log ? &*service.stderr_log : nullptr;
}

/// Whether output takes another way, which only the next run can.
[[nodiscard]] inline bool differs_in_way(const LogPolicy& a, const LogPolicy& b) {
  return a.enabled != b.enabled || a.file != b.file || a.syslog != b.syslog || a.strip_ansi != b.strip_ansi ||
         a.capture != b.capture || a.events != b.events;
}

/// Whether anybody gets to see output with this policy; otherwise it goes to /dev/null.
[[nodiscard]] inline bool is_taken(const LogPolicy& log) {
  return log.enabled || log.syslog || log.capture || log.events;
}

/// Everything one foster supervises.
struct Model {
  std::string name;
  std::vector<Service> services;  ///< In the order of the file; names are unique.

  friend bool operator==(const Model&, const Model&) = default;
};

/// "web" for a service with one worker, "web:0", "web:1"… with several. A worker beyond the number (the service
/// was made smaller, and it is still on its way down) keeps its number too.
[[nodiscard]] inline std::string instance_name(const Service& service, unsigned index) {
  return service.workers == 1 && index == 0 ? service.name : service.name + ":" + std::to_string(index);
}

}  // namespace foster::core
