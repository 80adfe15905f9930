// The stdin of a service as a FIFO that somebody may write to, now or never.
//
// The service's own end is opened O_RDWR, so it holds a writer itself and never sees an end of file. Whoever writes
// learns at once when nobody reads any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::sys {

/// Who may open the FIFO by name, as a program does that opens /dev/stdin.
enum class InputAccess : std::uint8_t {
  owner,    ///< Mode 0600.
  readers,  ///< Mode 0644: for a service that runs as another user. Its directory lets nobody else near.
};

/// An empty FIFO that nobody else reads. One that is there stays if it is such a one; if somebody has it open, or
/// something waits in it, a new one takes its place: none of that is for the next reader.
/// @return The end for stdin of a service: O_RDWR, blocking.
/// @errors `EISDIR`, `EPERM` a directory has the name; and those of mkfifo(2).
[[nodiscard]] Result<UniqueFd> create_input_fifo(BorrowedFd directory, const std::string& name,
                                                 InputAccess access = InputAccess::owner);

/// The writing end. Never blocks.
/// @errors `ENXIO` nobody reads; `ENOENT` no such FIFO; `EPERM` something else has the name.
[[nodiscard]] Result<UniqueFd> open_input_fifo(BorrowedFd directory, const std::string& name);

/// Writes what fits, and makes room for all of it where that is allowed.
/// @return How much of it; 0: the FIFO is full.
/// @errors `EPIPE` nobody reads.
[[nodiscard]] Result<std::size_t> write_input(BorrowedFd fifo, std::string_view bytes);

}  // namespace foster::sys
