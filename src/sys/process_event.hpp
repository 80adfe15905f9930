// What the kernel tells of processes as it happens, as a value. The parser is pure. Looking for the socket it comes
// from? sys/proc_connector.hpp
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <foster/exit_status.hpp>

namespace foster::sys {

/// Born; told before its first instruction. A new thread has another number than its process.
struct Forked {
  pid_t parent;  ///< The process, whichever of its threads made the child.
};
/// Runs another program.
struct Executed {};
/// Leads a new session, and its only group.
struct SessionMade {};
/// Acts as another user, or as another group of users.
struct IdsChanged {
  enum class Which : std::uint8_t { user, group } which;
  std::uint32_t real;
  std::uint32_t effective;
};
/// Has given itself another name; at most 15 bytes.
struct Renamed {
  std::string name;
};
/// Has got a signal that dumps core, and is about to end by it.
struct CoreDumped {};
/// A thread has ended, perhaps not the last of its process. Its children have other parents by now.
struct Ended {
  ExitStatus status;
};

struct ProcessEvent {
  pid_t process;
  pid_t thread;
  std::chrono::nanoseconds time;  ///< Of CLOCK_MONOTONIC.
  std::variant<Forked, Executed, SessionMade, IdsChanged, Renamed, CoreDumped, Ended> what;
};

/// The kernel's answer to somebody who asked for events, or wanted no more. All listeners hear it.
struct ConnectorAnswer {
  std::uint32_t acknowledges;  ///< One more than the question had there; its own sequence number is not given back.
  int error;                   ///< An errno; 0: granted.
};

struct ProcessNews {
  std::vector<ProcessEvent> events;
  std::vector<ConnectorAnswer> answers;
};

/// One datagram of the proc connector. What is no such message, is cut short, or names no process is passed over.
[[nodiscard]] ProcessNews parse_process_news(std::span<const std::byte> datagram);

}  // namespace foster::sys
