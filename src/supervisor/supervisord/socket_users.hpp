// Who uses the sockets of FastCGI programs, as far as the log tells of them: one is open as long as anybody of its
// group has a process.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/fleet.hpp"
#include "supervisor/supervisord/messages.hpp"

namespace foster::supervisor::supervisord {

class SocketUsers {
 public:
  /// A member comes into this state. @return What is to be told when it is the first one, or was the last.
  [[nodiscard]] std::optional<Message> note(const std::string& url, core::InstanceId id, core::State state);

 private:
  std::map<std::string, std::set<core::InstanceId>> users_;  ///< By the address.
};

}  // namespace foster::supervisor::supervisord
