// The descriptors the reaper keeps open for the supervisor: a FIFO's content lives as long as its last descriptor, and
// what the kernel knows of the end of somebody else's child as long as a pidfd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <foster/fd.hpp>

#include "ledger/entry.hpp"

namespace foster::reaper {

/// One descriptor a place, in a table that is made once. Each kind has a row with a place for every slot; the number of
/// a place never changes its meaning. One more is for what watches the runtime directory.
class HeldFds {
 public:
  enum class Kind : std::uint32_t {
    fifo,         ///< For stdout, and for stderr unless that is kept apart.
    process,      ///< A pidfd.
    stderr_fifo,  ///< For stderr alone.
  };
  static constexpr std::uint32_t kKinds = 3;
  static constexpr std::uint32_t kPlaces = kKinds * ledger::kSlots;
  /// The same in every build, however large the table is.
  static constexpr std::uint32_t kWatch = UINT32_MAX - 1;

  HeldFds() : fds_(kPlaces) {}

  [[nodiscard]] static constexpr std::uint32_t place_of(Kind kind, ledger::Slot slot) noexcept {
    return slot < ledger::kSlots ? static_cast<std::uint32_t>(kind) * ledger::kSlots + slot : UINT32_MAX;
  }

  /// In place of what was held. A place beyond the table is nobody's: the descriptor is closed.
  void hold(std::uint32_t place, UniqueFd fd) noexcept {
    if (UniqueFd* held = find(place)) *held = std::move(fd);
  }
  /// Calls `deed` with each place and what is held there.
  template <class Deed>
  void for_each(Deed deed) const noexcept {
    for (std::size_t place = 0; place < fds_.size(); ++place) {
      if (fds_[place]) deed(static_cast<std::uint32_t>(place), BorrowedFd(fds_[place]));
    }
    if (watch_) deed(kWatch, BorrowedFd(watch_));
  }
  /// They are another program's of this process from now on: nothing is closed.
  void give_up() noexcept {
    for (UniqueFd& fd : fds_) (void)fd.release();
    (void)watch_.release();
  }
  void release(std::uint32_t place) noexcept {
    if (UniqueFd* held = find(place)) held->reset();
  }

 private:
  [[nodiscard]] UniqueFd* find(std::uint32_t place) noexcept {
    if (place == kWatch) return &watch_;
    return place < fds_.size() ? &fds_[place] : nullptr;
  }

  std::vector<UniqueFd> fds_;
  UniqueFd watch_;
};

}  // namespace foster::reaper
