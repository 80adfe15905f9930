// Other supervisors, where they are installed, with the same service and their quickest legitimate
// settings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "report.hpp"

namespace foster::bench {

class Peer {
 public:
  virtual ~Peer() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual Report& report() = 0;
  [[nodiscard]] virtual const std::vector<pid_t>& pids() const = 0;
};

/// Every installed peer with `services` up; those that do not come are left out.
[[nodiscard]] std::vector<std::unique_ptr<Peer>> start_peers(std::size_t services);

}  // namespace foster::bench
