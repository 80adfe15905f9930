// Listening sockets that services have as their stdin, as FastCGI programs want it: one for each address, shared by all
// who name it, open as long as one of them runs.
#pragma once

#include <map>
#include <set>
#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "core/action.hpp"
#include "core/model.hpp"
#include "supervisor/listeners.hpp"
#include "sys/pidfd.hpp"

namespace foster::supervisor {

class StdinSockets {
 public:
  /// @param listeners Has them, so that they outlive the supervisor.
  explicit StdinSockets(Listeners& listeners) : listeners_(listeners) {}

  /// The socket for a new run: that of the others, or a new one.
  /// @param user Whom the file of a unix socket belongs to where nothing else is said; empty: to us.
  /// @return For this one alone, to be closed when it is passed on.
  /// @errors From the name of the host, the address, or the directory; `EINVAL` no such user.
  [[nodiscard]] Result<UniqueFd> lend(core::InstanceId id, const core::StdinSocket& wanted, const std::string& user);
  /// Nothing of the run is alive. The socket of whoever is last is closed; the file of a unix socket stays.
  void give_back(core::InstanceId id);
  /// What an earlier supervisor had lent to a run that goes on. With the reaper lost, too, only the process has it, and
  /// is asked for it; where it may not be, the next run gets a socket of its own.
  void take_up(core::InstanceId id, const core::StdinSocket& wanted, const sys::ProcessHandle* process);

 private:
  Listeners& listeners_;
  std::map<std::string, std::set<core::InstanceId>> users_;  ///< By addresses.
};

}  // namespace foster::supervisor
