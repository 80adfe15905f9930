// A plan of the public library as a request that the kernel's side understands: names looked up, files opened, pipes
// made.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>
#include <foster/spawn.hpp>
#include "sys/cgroup.hpp"
#include "sys/clone.hpp"

namespace foster {

/// A request with everything it borrows from.
struct ReadyRequest {
  sys::SpawnRequest request;
  std::vector<UniqueFd> held;
  std::map<int, UniqueFd> pipes;  ///< Our ends, by the child's number.
  std::optional<sys::Cgroup> cgroup;
};

/// @errors As `spawn`, of all that happens before the clone.
[[nodiscard]] Result<ReadyRequest> make_ready(const SpawnPlan& plan);

/// The words of the new environment.
/// @errors `EINVAL` a name that is none, or a zero byte.
[[nodiscard]] Result<std::vector<std::string>> environment_of(const EnvironmentPlan& plan);

/// Fills in the request's descriptors, opens what has to be opened, and makes the pipes.
/// @errors "open …"; "pipe"; `EINVAL`, `EBADF` an impossible plan.
[[nodiscard]] Result<> prepare_fds(const SpawnPlan& plan, ReadyRequest& ready);

/// Without a zero byte: what comes after one would be cut off in silence.
[[nodiscard]] inline bool is_c_string(std::string_view text) noexcept {
  return text.find('\0') == std::string_view::npos;
}

}  // namespace foster
