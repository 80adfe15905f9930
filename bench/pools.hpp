// Pools of one preforked worker that answers each connection with its pid: libfoster's, the barest loop that can do
// it, and those of others where they are installed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>

namespace foster::bench {

class ServingPool {
 public:
  virtual ~ServingPool();
  ServingPool(const ServingPool&) = delete;
  ServingPool& operator=(const ServingPool&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Asks who serves, and waits for the answer.
  [[nodiscard]] std::optional<pid_t> ask() const;

 protected:
  explicit ServingPool(std::string name) : name_(std::move(name)) {}
  /// The process to be ended with the pool.
  void set_master(pid_t master) { master_ = master; }
  void set_port(std::uint16_t port) { port_ = port; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::string name_;
  pid_t master_ = -1;
  std::uint16_t port_ = 0;
};

/// All that are here, each with its worker up.
[[nodiscard]] std::vector<std::unique_ptr<ServingPool>> start_pools();

}  // namespace foster::bench
