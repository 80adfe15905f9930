// The descriptors the reaper keeps open for the supervisor: a FIFO's content lives as long as its last descriptor, what
// the kernel knows of the end of somebody else's child as long as a pidfd, and clients wait at a socket as long as
// somebody has it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <foster/fd.hpp>

#include "ledger/entry.hpp"

namespace foster::reaper {

/// One descriptor a place, in a table that is made once. Each kind has a row with a place for every slot; the number of
/// a place never changes its meaning. Apart from them are those of no slot: what watches the runtime directory, and
/// listening sockets, with a file in memory in which the supervisor writes what each of them is.
class HeldFds {
 public:
  enum class Kind : std::uint32_t {
    fifo,         ///< For stdout, and for stderr unless that is kept apart.
    process,      ///< A pidfd.
    stderr_fifo,  ///< For stderr alone.
  };
  static constexpr std::uint32_t kKinds = 3;
  static constexpr std::uint32_t kListeners = 64;
  /// The same in every build, however large the table is.
  static constexpr std::uint32_t kWatch = UINT32_MAX - 1;
  static constexpr std::uint32_t kListenerNames = kWatch - 1;
  static constexpr std::uint32_t kFirstListener = kListenerNames - kListeners;
  /// As many descriptors at most.
  static constexpr std::uint32_t kPlaces = kKinds * ledger::kSlots + kListeners + 2;

  HeldFds() : fds_(std::size_t{kKinds} * ledger::kSlots) {}

  [[nodiscard]] static constexpr std::uint32_t place_of(Kind kind, ledger::Slot slot) noexcept {
    return slot < ledger::kSlots ? static_cast<std::uint32_t>(kind) * ledger::kSlots + slot : UINT32_MAX;
  }

  [[nodiscard]] static constexpr std::uint32_t place_of_listener(std::uint32_t number) noexcept {
    return number < kListeners ? kFirstListener + number : UINT32_MAX;
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
    for (std::size_t n = 0; n < apart_.size(); ++n) {
      if (apart_[n]) deed(kFirstListener + static_cast<std::uint32_t>(n), BorrowedFd(apart_[n]));
    }
  }
  /// They are another program's of this process from now on: nothing is closed.
  void give_up() noexcept {
    for (UniqueFd& fd : fds_) (void)fd.release();
    for (UniqueFd& fd : apart_) (void)fd.release();
  }
  void release(std::uint32_t place) noexcept {
    if (UniqueFd* held = find(place)) held->reset();
  }

 private:
  [[nodiscard]] UniqueFd* find(std::uint32_t place) noexcept {
    if (place >= kFirstListener && place <= kWatch) return &apart_[place - kFirstListener];
    return place < fds_.size() ? &fds_[place] : nullptr;
  }

  std::vector<UniqueFd> fds_;
  std::array<UniqueFd, kListeners + 2> apart_;  // by their places, which follow each other
};

}  // namespace foster::reaper
