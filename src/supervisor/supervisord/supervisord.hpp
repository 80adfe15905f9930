// foster in the place of a supervisord: its clients' requests, its signals, its log and its files, over the fleet. What
// is general is done by the parts that every foster has; nothing of this exists in a foster that is none.
#pragma once

#include <sys/types.h>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/service.hpp"
#include "compat/daemon.hpp"
#include "supervisor/commands.hpp"
#include "supervisor/supervisord/calls.hpp"
#include "supervisor/supervisord/event_pools.hpp"
#include "supervisor/supervisord/going_down.hpp"
#include "supervisor/supervisord/groups.hpp"
#include "supervisor/supervisord/lives.hpp"
#include "supervisor/supervisord/main_log.hpp"
#include "supervisor/supervisord/process_messages.hpp"
#include "supervisor/supervisord/servers.hpp"

namespace foster::supervisor::supervisord {

class Supervisord final : public compat::Daemon {
 public:
  /// What it works with; all of it outlives it.
  struct Tools {
    Loop& loop;
    Engine& engine;
    Executor& executor;
    Commands& commands;
    Listeners& listeners;
    const Origin& origin;
    std::string runtime_directory;
    std::string log_directory;
    std::shared_ptr<sys::SystemLog> system_log;
    pid_t reaper;  ///< Whom clients take for the supervisord.
  };

  /// Whether this foster is new, or goes on after a supervisor that was lost.
  enum class Beginning : std::uint8_t { anew, after_a_loss };

  /// Reads the configuration, opens the log and the servers, and writes the pidfile. After a loss only what was stored
  /// counts, and nothing that is missing keeps it from going on.
  /// @errors Why it cannot start, for people.
  [[nodiscard]] static std::expected<std::unique_ptr<Supervisord>, std::string> create(
      Tools tools, const config::supervisord::Start& start, Beginning how);

  /// Starts what the configuration has, or goes on with what was begun. Once, when the fleet is known.
  void begin();
  /// What is about to happen to an instance.
  void note(const api::EventRow& row, core::InstanceId id);
  /// The same for one that an earlier supervisor may not have told to listeners.
  void note_again(const api::EventRow& row) { events_.note(row); }
  /// What listeners are to be told is stored: the history may let go of it.
  void store_events() { events_.store(); }
  /// A process wrote this, and its log is to be told.
  void hear(core::InstanceId id, core::Stream stream, const ToldOutput& told);
  /// All that was due is done.
  void settled();
  void handle_signal(int signal);
  /// Stores again what others have removed.
  [[nodiscard]] Result<> keep() const;
  /// Another supervisor is to take this one's place: clients that come from now on wait for it, and when those who are
  /// here have been answered, `done` is called.
  void drain(const std::function<void()>& done);
  /// Everything is down: answers who still waits, and leaves no file behind.
  void end();

  [[nodiscard]] std::string identification() const override;
  [[nodiscard]] int pid() const override;
  [[nodiscard]] compat::Mood mood() const override;
  [[nodiscard]] std::int64_t now() const override;
  [[nodiscard]] bool has_supervisor_methods() const override;
  [[nodiscard]] std::vector<std::string> groups() const override;
  [[nodiscard]] std::vector<compat::Process> processes() const override;
  [[nodiscard]] std::vector<compat::ProcessConfig> configs() const override;
  [[nodiscard]] compat::Outcome<> check_command(const compat::Process& process) const override;
  void start(const compat::Process& process, compat::Wait wait, Done done) override;
  void stop(const compat::Process& process, compat::Wait wait, Done done) override;
  [[nodiscard]] compat::Outcome<> signal(const compat::Process& process, Signal signal) override;
  [[nodiscard]] compat::Outcome<> write_stdin(const compat::Process& process, const std::string& text) override;
  void bring_logs_up_to_date(const compat::Process& process) override;
  [[nodiscard]] compat::Outcome<> clear_logs(const compat::Process& process) override;
  [[nodiscard]] compat::Outcome<compat::ConfigChanges> reread() override;
  [[nodiscard]] compat::Outcome<> add_group(const std::string& name) override;
  [[nodiscard]] compat::Outcome<> remove_group(const std::string& name) override;
  [[nodiscard]] std::string main_log() const override;
  [[nodiscard]] compat::Outcome<> clear_main_log() override;
  void trace(const std::string& text) override;
  void send_event(const std::string& type, const std::string& data) override;
  void shut_down() override;
  void restart() override;

 private:
  Supervisord(Tools tools, const config::supervisord::Start& start);
  [[nodiscard]] const core::Fleet& fleet() const { return tools_.engine.fleet(); }
  [[nodiscard]] std::optional<core::InstanceId> find(const compat::Process& process) const;
  [[nodiscard]] compat::Process row_of(const Group& group, const Process& process) const;
  void name_automatic_logs(core::InstanceId id, compat::ProcessConfig& row) const;
  [[nodiscard]] compat::Outcome<> command_of(const Process& process) const;

  [[nodiscard]] Groups::Done<> open_log();
  [[nodiscard]] Groups::Done<> open_servers();
  void open_servers_or_try_again();
  void write_pidfile();
  void make_logs(core::InstanceId id) const;
  void sweep();
  void remember();
  void log(Level level, std::string_view text) { log_.write(level, text); }
  void tell_start(const Groups::Told& told);

  [[nodiscard]] EventPools::Tools event_tools();
  void tell_of_groups();
  void activate_all();
  [[nodiscard]] Result<> apply();
  void forget_what_was_not_begun();
  void go_on_from_the_ground();
  void start_anew();

  Tools tools_;
  config::supervisord::Start start_;
  Groups groups_;
  MainLog log_;
  Lives lives_;
  Calls calls_;
  std::optional<Servers> servers_;
  Timer retry_;
  EventPools events_;
  ProcessMessages messages_;
  GoingDown going_down_;
};

}  // namespace foster::supervisor::supervisord
