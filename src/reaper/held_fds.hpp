// The descriptors the reaper keeps open for the supervisor: a FIFO's content lives as long as its last descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <foster/fd.hpp>

namespace foster::reaper {

/// One descriptor a slot, in a table that is made once.
class HeldFds {
 public:
  explicit HeldFds(std::size_t slots) : fds_(slots) {}

  /// In place of what was held for the slot. A slot beyond the table is nobody's: the descriptor is closed.
  void hold(std::uint32_t slot, UniqueFd fd) noexcept {
    if (slot < fds_.size()) fds_[slot] = std::move(fd);
  }
  void release(std::uint32_t slot) noexcept {
    if (slot < fds_.size()) fds_[slot].reset();
  }

 private:
  std::vector<UniqueFd> fds_;
};

}  // namespace foster::reaper
