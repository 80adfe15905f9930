// What a supervisord can be asked: implemented by whoever runs processes, spoken to by `methods` and `http_server`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/signal.hpp>

#include "compat/faults.hpp"
#include "compat/process_state.hpp"

namespace foster::compat {

/// Of the daemon itself.
enum class Mood : std::int8_t { fatal = 2, running = 1, restarting = 0, shutdown = -1 };

struct Process {
  std::string group;
  std::string name;
  int group_priority = 999;
  int priority = 999;
  ProcessState state = ProcessState::stopped;
  std::int64_t start = 0;  ///< Seconds since the epoch; 0: never.
  std::int64_t stop = 0;
  std::string spawn_error = {};
  int exit_status = 0;          ///< 0 while there is none; -1: ended by a signal.
  int pid = 0;                  ///< 0: none.
  std::string stdout_log = {};  ///< Empty: none.
  std::string stderr_log = {};
};

/// The file of a log that has no name yet.
inline constexpr std::string_view kAutomatic = "auto";

struct LogConfig {
  std::string file = "none";  ///< Or `kAutomatic`.
  std::int64_t backups = 10;
  std::int64_t most_bytes = 0;
  std::int64_t capture_bytes = 0;
  bool has_events = false;
  bool is_syslog = false;
};

struct ProcessConfig {
  std::string group;
  std::string name;
  int group_priority = 999;
  int priority = 999;
  bool is_in_use = false;
  bool autostart = true;
  std::string command = {};
  std::string directory = "none";
  std::optional<std::int64_t> uid = {};
  std::vector<int> exit_codes = {0};
  std::int64_t start_seconds = 1;
  std::int64_t start_retries = 3;
  int stop_signal = 15;
  std::int64_t stop_wait_seconds = 10;
  bool kill_as_group = false;
  bool redirect_stderr = false;
  std::string server_url = "none";
  LogConfig stdout_log = {};
  LogConfig stderr_log = {};
};

struct ConfigChanges {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
};

enum class Wait : std::uint8_t { until_done, not_at_all };
enum class Channel : std::uint8_t { standard_output, standard_error };

/// All calls come from the thread of one loop. A process is meant by its group and name, of which the caller has seen
/// that they are there.
class Daemon {
 public:
  /// Called once, from within the call or later.
  using Done = std::move_only_function<void(Outcome<>)>;

  virtual ~Daemon() = default;

  [[nodiscard]] virtual std::string identification() const = 0;
  [[nodiscard]] virtual int pid() const = 0;
  [[nodiscard]] virtual Mood mood() const = 0;
  /// Seconds since the epoch.
  [[nodiscard]] virtual std::int64_t now() const = 0;
  /// Whether the configuration asks for the methods of "supervisor.".
  [[nodiscard]] virtual bool has_supervisor_methods() const = 0;

  /// All groups that are active, also those without processes.
  [[nodiscard]] virtual std::vector<std::string> groups() const = 0;
  /// Of all active groups.
  [[nodiscard]] virtual std::vector<Process> processes() const = 0;
  /// What is available, as the last reread has it.
  [[nodiscard]] virtual std::vector<ProcessConfig> configs() const = 0;

  /// @errors `no_file`, `not_executable`: it could not be started, whatever its state.
  [[nodiscard]] virtual Outcome<> check_command(const Process& process) const = 0;
  /// Of one that is neither running nor on its way there.
  /// @errors `spawn_error`, `abnormal_termination`, without saying about whom.
  virtual void start(const Process& process, Wait wait, Done done) = 0;
  /// Of one that is running, or on its way there.
  /// @errors `failed`, with the reason.
  virtual void stop(const Process& process, Wait wait, Done done) = 0;
  /// To the process alone, not to its group.
  [[nodiscard]] virtual Outcome<> signal(const Process& process, Signal signal) = 0;
  /// @errors `not_running`, `no_file`, without saying about whom.
  [[nodiscard]] virtual Outcome<> write_stdin(const Process& process, const std::string& text) = 0;
  /// What it has written so far is in its logs when this returns.
  virtual void bring_logs_up_to_date(const Process& process) = 0;
  /// Empties the logs of both channels.
  [[nodiscard]] virtual Outcome<> clear_logs(const Process& process) = 0;

  /// @errors `cant_reread`, with the reason.
  [[nodiscard]] virtual Outcome<ConfigChanges> reread() = 0;
  /// @errors `already_added`, `bad_name`.
  [[nodiscard]] virtual Outcome<> add_group(const std::string& name) = 0;
  /// @errors `bad_name`, `still_running`.
  [[nodiscard]] virtual Outcome<> remove_group(const std::string& name) = 0;

  /// Empty: it goes elsewhere, or nowhere.
  [[nodiscard]] virtual std::string main_log() const = 0;
  /// @errors `no_file`, `failed`.
  [[nodiscard]] virtual Outcome<> clear_main_log() = 0;
  /// For its log, where that is to have everything.
  virtual void trace(const std::string& text) = 0;
  virtual void send_event(const std::string& type, const std::string& data) = 0;
  virtual void shut_down() = 0;
  virtual void restart() = 0;
};

}  // namespace foster::compat
