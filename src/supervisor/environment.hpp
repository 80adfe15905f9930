// The environment of a run: what is inherited, what the config adds, what foster tells.
#pragma once

#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/model.hpp"

namespace foster::supervisor {

/// What foster tells a run about itself.
struct RunFacts {
  std::string foster;  ///< Name of the instance of foster.
  unsigned index = 0;  ///< Worker number.
  core::Run run = 0;
  std::string tag;            ///< Tells the processes of this run from all others: kRunTag.
  std::string notify_socket;  ///< For NOTIFY_SOCKET; empty: none.
};

/// The variable that carries the tag, by which orphans are attributed where there is no cgroup.
inline constexpr const char* kRunTag = "FOSTER_RUN";

/// "NAME=value" lines, each name once. Variables that speak of foster's own start (NOTIFY_SOCKET,
/// LISTEN_FDS, WATCHDOG_USEC and the like) are never inherited: a service would answer for us.
[[nodiscard]] std::vector<std::string> run_environment(const core::Service& service, const RunFacts& facts,
                                                       const char* const* inherited);

}  // namespace foster::supervisor
