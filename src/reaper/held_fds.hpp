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
  /// Calls `deed` with each slot and what is held for it.
  template <class Deed>
  void for_each(Deed deed) const noexcept {
    for (std::size_t slot = 0; slot < fds_.size(); ++slot) {
      if (fds_[slot]) deed(static_cast<std::uint32_t>(slot), BorrowedFd(fds_[slot]));
    }
  }
  void release(std::uint32_t slot) noexcept {
    if (slot < fds_.size()) fds_[slot].reset();
  }

 private:
  std::vector<UniqueFd> fds_;
};

}  // namespace foster::reaper
