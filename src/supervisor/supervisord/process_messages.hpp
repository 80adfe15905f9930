// What becomes of processes, on its way to the main log: told when all that was due is done, so that a pid is known.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/service.hpp"
#include "core/fleet.hpp"
#include "supervisor/supervisord/groups.hpp"
#include "supervisor/supervisord/lives.hpp"
#include "supervisor/supervisord/messages.hpp"
#include "supervisor/supervisord/socket_users.hpp"

namespace foster::supervisor::supervisord {

class ProcessMessages {
 public:
  /// What it works with; all of it outlives it.
  struct Tools {
    const Groups& groups;
    std::function<const core::Fleet&()> fleet;
    std::function<void(Level level, const std::string& text)> log;
    std::function<void(core::InstanceId id)> has_begun;  ///< A process has been spawned, and is about to be told of.
  };

  explicit ProcessMessages(Tools tools) : tools_(std::move(tools)) {}

  /// What runs already is nothing new. Once, before anything is noted.
  void take_up();
  /// What is about to happen to a process. @param spawn_error Of a turn that is `no_spawn`.
  void note(const api::EventRow& row, core::InstanceId id, const Process& process, Turn turn,
            std::string_view spawn_error);
  /// All that was due is done.
  void settled();

 private:
  struct Pending {
    std::string name;
    std::optional<Message> message;  ///< Empty: a run has begun, whose pid is not known yet.
  };
  void note_signal(const api::EventRow& row, core::InstanceId id, const Process& process);
  void tell_spawned(const std::string& name);

  Tools tools_;
  SocketUsers sockets_;
  std::vector<Pending> pending_;
};

}  // namespace foster::supervisor::supervisord
