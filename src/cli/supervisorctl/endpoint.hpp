// Where a supervisord listens: unix:///path or http://host:port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <foster/fd.hpp>

#include "cli/supervisorctl/trouble.hpp"

namespace foster::cli::supervisorctl {

struct Endpoint {
  std::string socket_path;  ///< Empty: TCP.
  std::string host;
  std::uint16_t port = 80;
};

/// @errors `value`: neither kind of URL, or a port that is none.
[[nodiscard]] Answer<Endpoint> endpoint_of(std::string_view url);

/// @errors `connection`, `name`.
/// @blocks While the listener's backlog is full, while a name is resolved, and while the network is silent.
[[nodiscard]] Answer<UniqueFd> connect(const Endpoint& endpoint);

}  // namespace foster::cli::supervisorctl
