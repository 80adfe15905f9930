// Events on their way to listeners: every pool gets what it asked for, each of its processes one event at a time. What
// is told to whom is stored before it is told, so that a loss of the supervisor neither loses an event nor forgets who
// is busy.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <foster/result.hpp>

#include "api/service.hpp"
#include "compat/daemon.hpp"
#include "compat/event.hpp"
#include "config/supervisord/sections.hpp"
#include "supervisor/loop.hpp"
#include "supervisor/supervisord/event_memory.hpp"

namespace foster::supervisor::supervisord {

/// One process of a group, as far as events are about it.
struct EventProcess {
  std::string service = {};  ///< What the core calls it.
  std::string name = {};
  std::vector<std::uint8_t> exit_codes = {0};
  bool tells_stdout = false;  ///< What it writes makes PROCESS_LOG events.
  bool tells_stderr = false;
};

struct EventGroup {
  std::string name = {};
  std::vector<EventProcess> processes = {};
  std::optional<config::supervisord::EventPool> pool = {};  ///< Its processes are listeners.
};

class EventPools {
 public:
  using LogLevel = config::supervisord::LogLevel;

  struct Tools {
    Loop& loop;
    std::string path;                         ///< Of the file that is gone on with.
    std::function<std::string()> identifier;  ///< Of the daemon, for listeners.
    /// To the stdin of a service.
    std::function<Result<>(const std::string& service, std::string_view text)> write;
    /// Hears what a service wrote and nobody has heard yet.
    std::function<void(const std::string& service)> drain;
    /// Of the main process of a service; 0: none.
    std::function<std::int64_t(const std::string& service)> pid_of;
    /// For a process nothing was told of yet.
    std::function<compat::ProcessState(const std::string& service)> state_of;
    std::function<void(LogLevel level, std::string text)> log;
    std::function<std::chrono::system_clock::time_point()> now;
  };

  explicit EventPools(Tools tools);
  ~EventPools();
  EventPools(const EventPools&) = delete;
  EventPools& operator=(const EventPools&) = delete;

  /// The groups that are active already when this supervisor begins, with what an earlier one remembered of them. To be
  /// called before anything else.
  void take_up(std::vector<EventGroup> groups);
  /// A group becomes active, before any of its processes is started; its own pool is told of it, too.
  void add(EventGroup group);
  /// It is not active any more. What waits for its listeners is forgotten.
  void remove(const std::string& group);
  /// No group is active any more, and nobody is told. The numbers of events go on.
  void clear();

  /// It is stored when this returns.
  void emit(const compat::Event& event);
  /// A transition as the journal has it. The same one again is recognised. Those that were never stored are to be noted
  /// again after a loss, so the journal lets go of none before `store`.
  void note(const api::EventRow& row);
  /// A process wrote this. What a listener writes to its stdout is an answer. It is stored when this returns; what
  /// comes again after a loss is known by its mark.
  void hear(const std::string& service, compat::Channel channel, std::string_view text, logs::OutputMark until = {});
  /// What stood between the tags of capture mode.
  void hear_captured(const std::string& service, compat::Channel channel, std::string_view text,
                     logs::OutputMark until = {});

  /// Stores what has changed, and sends what is to be sent. Happens by itself on the next turn of the loop.
  void keep();
  /// Stores what has changed, and sends nothing.
  void store();
  [[nodiscard]] bool has(const std::string& group) const { return groups_.contains(group); }
  /// Nobody of the pool has an event in its hands, and whoever could take one has none to take.
  [[nodiscard]] bool is_quiet(const std::string& group) const;
  /// Whether anybody listens; otherwise nothing of all this costs anything.
  [[nodiscard]] bool is_listened_to() const { return !pools_.empty(); }

 private:
  struct Member;
  struct Pool;
  struct Place {
    const EventGroup* group;
    const EventProcess* process;

    [[nodiscard]] compat::EventSource source() const { return {.group = group->name, .process = process->name}; }
  };

  [[nodiscard]] std::pair<Pool*, Member*> listener_of(const std::string& service);
  void tell(const compat::Event& event);
  void add_quietly(EventGroup group, const EventMemory& remembered);
  void follow(const std::string& service, compat::EventType event);
  [[nodiscard]] bool is_known(const std::string& service, compat::Channel channel, logs::OutputMark until) const;
  void mark(const std::string& service, compat::Channel channel, logs::OutputMark until);
  void hear_listener(Pool& pool, Member& member, std::string_view text);
  void hear_what_was_missed();
  void take_back(Pool& pool, Member& member);
  void tell_discarded(const Pool& pool, const compat::EventPool::Discarded& discarded) const;
  void assign(Pool& pool);
  void send(Pool& pool, Member& member);
  void changed();
  void write_memory();
  void forget_stored() const;
  void tick();
  void arm();
  [[nodiscard]] bool is_wanted(compat::EventType type) const;
  [[nodiscard]] EventMemory memory() const;

  Tools tools_;
  Timer timer_;
  std::map<std::string, EventGroup> groups_;
  std::map<std::string, Place> places_;       ///< Of each service.
  std::vector<std::unique_ptr<Pool>> pools_;  ///< In the order in which they were added.
  std::map<std::string, ToldProcess> told_;
  std::map<std::string, ToldMarks> outputs_;  ///< What of each service was told.
  std::map<std::string, ToldMarks> known_;    ///< The same when this began.
  std::map<compat::EventType, std::int64_t> ticks_;
  std::uint64_t next_serial_ = 0;
  std::uint64_t last_row_ = 0;
  bool is_changed_ = false;
  bool is_keep_due_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace foster::supervisor::supervisord
