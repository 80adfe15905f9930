// What can be asked of a running foster: the interface that the supervisor implements and that every
// protocol speaks to. Free of HTTP and JSON. One thread; nothing here blocks.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <foster/signal.hpp>

#include "core/fleet.hpp"
#include "core/run_end.hpp"

namespace foster::api {

/// Who asks, as the kernel tells it of the peer of a unix socket.
struct Actor {
  uid_t uid = 0;
  pid_t pid = 0;
  std::string description;  ///< "root (pid 812)"
};

/// A place in a config file, for people.
struct Diagnostic {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  bool is_warning = false;
  std::string message;
  std::string hint;
  std::string source_line;
};

/// Why a request was not done.
struct Problem {
  enum class Kind : std::uint8_t {
    no_such_service,  ///< Exit code 4 of the CLI.
    bad_config,       ///< 78; `diagnostics` tell.
    bad_request,      ///< 2
    conflict,         ///< 1: a name is taken, foster is going down.
    failed,           ///< 1
  };
  Kind kind = Kind::failed;
  std::string message;
  std::vector<Diagnostic> diagnostics;
};

template <class Value>
using Answer = std::expected<Value, Problem>;

/// Called exactly once, later or from within the call itself.
template <class Value>
using Done = std::move_only_function<void(Answer<Value>)>;

struct Info {
  std::string version;
  std::string name;
  pid_t reaper = 0;
  pid_t supervisor = 0;
  std::string runtime_dir;
  std::string state_dir;
  std::string log_dir;
  std::string config;           ///< Path of the applied file; empty: none.
  std::string history_trouble;  ///< Why the history is not stored now; empty: it is.
  unsigned recoveries = 0;      ///< How often a lost supervisor was replaced.
  unsigned hangs = 0;           ///< How often that was because it hung.
};

/// One instance with what the core does not know.
struct InstanceRow {
  core::InstanceView view;
  std::string log;                               ///< Path of the current file; empty: no log.
  std::string stderr_log = {};                   ///< The same of stderr, where that is kept apart.
  std::chrono::system_clock::time_point since;   ///< view.since as wall-clock time.
  std::optional<std::chrono::microseconds> cpu;  ///< Used by the main process so far.
  std::optional<std::uint64_t> memory;           ///< Resident bytes of the main process.
  std::string status;                            ///< STATUS= of the service.
  std::uint64_t dropped_bytes = 0;               ///< Output given up because its log could not be written.
  std::string log_trouble = {};                  ///< Why the log cannot be written at the moment; empty: it can.
};

enum class Verb : std::uint8_t { start, stop, restart };

/// How one instance came out of a request.
struct Outcome {
  std::string name;
  bool ok = false;
  core::State state = core::State::stopped;
  std::string why;  ///< Where not ok: the cause, in words.
};

struct ChangeRequest {
  Verb verb = Verb::start;
  std::vector<std::string> patterns;  ///< Names or globs; each must match something.
  bool wait = true;                   ///< Answer when it is done: ready, or gone; otherwise at once.
};

struct ApplyRequest {
  std::string config;  ///< Absolute path.
  bool dry_run = false;
  bool wait = true;  ///< Answer when all are ready or have failed to become so.
};

struct Applied {
  std::vector<core::ServiceChange> changes;
  std::vector<Diagnostic> warnings;
  std::vector<Outcome> outcomes;  ///< Of everything that is wanted up; empty unless waited for.
};

struct RunRequest {
  std::string name;
  std::string definition;  ///< A service as JSON, with the keys of foster.toml.
  bool replace = false;    ///< Replace a service of this name that is not up.
  bool wait = true;
};

struct AdoptRequest {
  std::string name;
  pid_t pid = 0;           ///< Of a process that something else has started.
  std::string pidfile;     ///< Absolute path of a file that holds it; wins over `pid`.
  std::string definition;  ///< As in RunRequest, of one worker: how it is started again. Empty: it is not.
};

struct UpgradeRequest {
  std::string program;  ///< Absolute path of the binary to go on as; empty: the one that runs, as it is on disk now.
};

struct Upgraded {
  std::string program;
  std::string from;  ///< Version that answers.
  std::string to;    ///< Version that takes over when this answer has been sent.
};

/// One transition, stored.
struct EventRow {
  std::uint64_t id = 0;  ///< Grows; the id of server-sent events.
  std::chrono::system_clock::time_point time;
  std::string name;  ///< Instance.
  core::State from = core::State::stopped;
  core::State to = core::State::stopped;
  core::Run run = 0;
  core::Cause cause;
  std::optional<core::RunEnd> end = {};  ///< Of the transition that tells the end of a run.
};

/// A reader of one instance's output, rotated files included. Pulled, so that a client that reads
/// slowly costs nobody anything.
class LogCursor {
 public:
  virtual ~LogCursor() = default;
  /// At most `most` bytes, appended to `out`; false: nothing there now.
  [[nodiscard]] virtual bool read(std::string& out, std::size_t most) = 0;
  /// Calls `more` once when there may be more to read. Replaces an earlier one; dropped with the cursor.
  virtual void when_more(std::move_only_function<void()> more) = 0;
  /// Where the next `read` goes on: a token for `LogRequest::resume`, of letters, digits, '-', '.' and ':'.
  /// Empty: this reader cannot be resumed.
  [[nodiscard]] virtual std::string position() const { return {}; }
};

struct LogRequest {
  std::string name;  ///< One instance, or a service with one worker.
  core::Stream stream = core::Stream::out;
  std::optional<std::uint64_t> last_lines = {};  ///< Empty: everything kept.
  /// Go on at a `LogCursor::position`, also of an earlier supervisor; wins over `last_lines`. What was
  /// there and is no longer kept is skipped: reading then begins with the oldest.
  std::string resume = {};
};

/// A follower of transitions. `next` gives what happened after the last call, oldest first.
class EventCursor {
 public:
  virtual ~EventCursor() = default;
  [[nodiscard]] virtual std::vector<EventRow> next(std::size_t most) = 0;
  virtual void when_more(std::move_only_function<void()> more) = 0;
};

class ControlService {
 public:
  virtual ~ControlService() = default;

  [[nodiscard]] virtual Info info() const = 0;
  /// Rows of the instances whose names match any of the patterns; all for none. Unknown: Problem.
  [[nodiscard]] virtual Answer<std::vector<InstanceRow>> list(const std::vector<std::string>& patterns) const = 0;

  virtual void change(ChangeRequest request, const Actor& actor, Done<std::vector<Outcome>> done) = 0;
  virtual void signal(std::vector<std::string> patterns, Signal signal, const Actor& actor,
                      Done<std::vector<Outcome>> done) = 0;
  virtual void apply(ApplyRequest request, const Actor& actor, Done<Applied> done) = 0;
  virtual void run(RunRequest request, const Actor& actor, Done<std::vector<Outcome>> done) = 0;
  /// Supervises a process that runs already, from now on and as if it had been started here. Answered when it does.
  virtual void adopt(AdoptRequest request, const Actor& actor, Done<std::vector<Outcome>> done) = 0;
  /// Stops everything in order, then foster itself. A second call while the first is under way kills.
  virtual void shut_down(const Actor& actor, Done<std::vector<Outcome>> done) = 0;

  /// Tries the program, and has it take over reaper and supervisor. Services notice nothing. A program that cannot
  /// is refused, and nothing has changed.
  virtual void upgrade(UpgradeRequest request, const Actor& actor, Done<Upgraded> done) = 0;

  /// Stored transitions of one instance (or of all, for an empty name), newest last.
  [[nodiscard]] virtual Answer<std::vector<EventRow>> history(const std::string& name, std::size_t most) const = 0;
  [[nodiscard]] virtual Answer<std::unique_ptr<LogCursor>> open_log(const LogRequest& request) = 0;
  /// Transitions after the one with this id; empty: only those from now on.
  [[nodiscard]] virtual std::unique_ptr<EventCursor> follow_events(std::optional<std::uint64_t> after) = 0;
};

}  // namespace foster::api
