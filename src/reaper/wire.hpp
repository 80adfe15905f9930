// The messages between reaper and supervisor: plain bytes over one SEQPACKET pair, one message a
// packet. Both sides may be of different builds after an upgrade, so layout and numbers never change;
// a new meaning is a new number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace foster::reaper {

inline constexpr std::uint32_t kWireVersion = 1;

enum class MessageKind : std::uint32_t {
  // Reaper to supervisor. These carry no descriptors: the supervisor peeks, applies, then consumes.
  exited = 1,     ///< A child ended: Exited.
  signalled = 2,  ///< Somebody signalled the reaper: Signalled.
  ping = 3,       ///< To be taken, nothing more: Plain. Sent when a client seems to wait in vain.

  // Supervisor to reaper.
  up = 16,       ///< The supervisor took over and answers: Plain. Resets the brake.
  hold = 17,     ///< Keep this descriptor open for the slot: Slot, with one descriptor.
  release = 18,  ///< Close what is kept for the slot: Slot.
  finish = 19,   ///< Everything is down; end with this exit code: Finish.
  listen = 20,   ///< Keep this socket for the next supervisor, and see that clients are served: Plain, with it.
  upgrade = 21,  ///< Go on as this program, and start supervisors from it: Plain, with the program's file.
  lock = 22,     ///< Hold this lock in place of the instance's, whose file was removed: Plain, with it.
  ledger = 23,   ///< Go on with this ledger, a copy of the one whose file was removed: Plain, with it.
  hold_process =
      24,  ///< Keep this pidfd of a process that is no child of the reaper, for the next supervisor: Slot, with it.
  release_process = 25,      ///< Close what is kept of the slot's process: Slot.
  hold_watch = 26,           ///< Keep this inotify instance for the next supervisor: Plain, with it.
  hold_stderr = 27,          ///< Keep this FIFO of a stderr that is kept apart: Slot, with it.
  release_stderr = 28,       ///< Close what is kept of the slot's stderr: Slot.
  hold_listener = 29,        ///< Keep this listening socket under a number (HeldFds::kListeners): Slot, with it.
  release_listener = 30,     ///< Close what is kept under the number: Slot.
  hold_listener_names = 31,  ///< Keep this file, in which is written what each listening socket is: Plain, with it.
  rest = 32,                 ///< For a while nothing has happened: give back the memory that is not needed now: Plain.
  hold_both = 33,            ///< `hold` and `hold_stderr` in one: Slot, with both.
};

struct Header {
  std::uint32_t version;  ///< kWireVersion
  MessageKind kind;
};

struct Exited {
  Header header;
  std::uint64_t sequence;  ///< Counts the reaper's exits from 1; tells a replay from a new exit of the same pid.
  std::int32_t pid;
  std::int32_t wait_status;
  std::int64_t user_microseconds;
  std::int64_t system_microseconds;
  std::int64_t max_resident_kilobytes;
};

struct Signalled {
  Header header;
  std::int32_t signal;
  std::int32_t sender_pid;  ///< 0: the kernel, or from another pid namespace.
  std::uint32_t sender_uid;
  std::uint32_t reserved;
};

struct Plain {
  Header header;
};

struct Slot {
  Header header;
  std::uint32_t slot;
  std::uint32_t reserved;
};

struct Finish {
  Header header;
  std::int32_t exit_code;
  std::uint32_t reserved;
};

union Message {
  Header header;
  Exited exited;
  Signalled signalled;
  Plain plain;
  Slot slot;
  Finish finish;
};
static_assert(std::is_trivially_copyable_v<Message>);
static_assert(sizeof(Exited) == 48 && sizeof(Signalled) == 24 && sizeof(Slot) == 16 && sizeof(Finish) == 16);

/// As any of these is sent.
template <class Body>
[[nodiscard]] std::span<const std::byte> bytes_of(const Body& body) noexcept {
  return std::as_bytes(std::span(&body, 1));
}

}  // namespace foster::reaper
