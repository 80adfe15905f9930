// From what the config declares to what the kernel is asked: the request for one run, with the
// descriptors it lends.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "core/model.hpp"
#include "supervisor/environment.hpp"
#include "sys/clone.hpp"

namespace foster::supervisor {

/// A request and what must stay open until it is done.
struct SpawnPlan {
  sys::SpawnRequest request;
  std::vector<UniqueFd> held;
};

/// What a run gets from foster.
struct RunResources {
  RunFacts facts;
  std::optional<UniqueFd> output = {};         ///< For stdout; empty: `null_device`.
  std::optional<UniqueFd> stderr_output = {};  ///< For stderr, where that is apart; empty: `null_device`.
  bool is_stderr_apart = false;                ///< Otherwise stderr goes where stdout goes.
  std::optional<UniqueFd> input = {};          ///< For stdin, where it is a pipe.
  std::optional<UniqueFd> ready = {};          ///< For the descriptor of ReadyFd.
  int ready_number = -1;
  BorrowedFd null_device;  ///< /dev/null, for reading and writing.
  rlimit open_files{};     ///< What we were started with; our own limit is raised.

  [[nodiscard]] std::optional<UniqueFd>& output_of(core::Stream stream) {
    return stream == core::Stream::out ? output : stderr_output;
  }
};

/// @errors The step that would fail: "user www-dat: no such user", "open /srv/in: …", "exec nginx: …".
/// @blocks On the user database and the file system.
[[nodiscard]] Result<SpawnPlan> plan_run(const core::Service& service, RunResources resources);

/// A helper of a service: the same ids, directory and environment, no output, another command.
[[nodiscard]] Result<SpawnPlan> plan_helper(const core::Service& service, const std::vector<std::string>& argv,
                                            RunResources resources);

}  // namespace foster::supervisor
