// What a reaper knows and the kernel does not, on its way from one program to the next of the same process: children,
// signals and descriptors stay, memory does not. A file in memory carries the rest.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <map>
#include <type_traits>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "reaper/held_fds.hpp"

namespace foster::reaper {

/// Descriptors by number: an exec keeps them. Both programs may be of different builds, so layout and meaning never
/// change; what is new is added at the end, and `size` tells how much the writer knew.
struct Handover {
  std::uint32_t size = sizeof(Handover);
  std::int32_t supervisor_pid = 0;  ///< 0: none runs.
  std::uint64_t sequence = 0;       ///< Of the last exit that was sent.
  std::int32_t channel = -1;        ///< The reaper's end.
  std::int32_t supervisor_channel = -1;
  std::int32_t lock = -1;         ///< -1: none.
  std::int32_t listener = -1;     ///< -1: none.
  std::uint8_t is_up = 0;         ///< The supervisor that runs has said so.
  std::uint8_t limits_files = 0;  ///< `file_limit` is for the supervisor.
  std::uint8_t reserved[6] = {};
  rlimit64 file_limit{};
  std::uint32_t held = 0;  ///< As many HeldFd follow.
  std::uint32_t reserved_too = 0;
};
struct HeldFd {
  std::uint32_t place;
  std::int32_t fd;
};
static_assert(std::is_trivially_copyable_v<Handover> && sizeof(Handover) == 64 && sizeof(HeldFd) == 8);

/// Writes it, and the table behind it, into a memory file, and makes every descriptor in it survive an exec.
/// Takes no heap. @errors Of the file: `EMFILE`, `ENOMEM`.
[[nodiscard]] Result<UniqueFd> hand_over(const Handover& handover, const HeldFds& held) noexcept;

/// After an exec that failed: nothing survives the next one.
void keep_all(const Handover& handover, const HeldFds& held) noexcept;

/// The table alone, into a memory file that is there already. For a child that inherits them under the numbers that are
/// added to `numbers`, as many as there is room for.
void list_held(BorrowedFd file, const HeldFds& held, std::vector<int>& numbers) noexcept;

/// In that child: what it has inherited, close-on-exec again, under high numbers: low ones are worth more.
struct Inherited {
  std::map<ledger::Slot, UniqueFd> fifos;
  std::map<ledger::Slot, UniqueFd> processes;
  std::map<ledger::Slot, UniqueFd> stderr_fifos;
  UniqueFd watch = {};
  std::map<std::uint32_t, UniqueFd> listeners = {};  ///< By their numbers.
  UniqueFd listener_names = {};
};
[[nodiscard]] Inherited take_inherited(BorrowedFd file);

/// In the new program: takes the descriptors, close-on-exec again.
/// @errors `EBADMSG` this is no handover.
[[nodiscard]] Result<Handover> take_over(BorrowedFd file, HeldFds& held);

}  // namespace foster::reaper
