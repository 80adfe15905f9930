// Sockets that clients connect to.
#pragma once

#include <foster/fd.hpp>

namespace foster::sys {

/// Whether clients can connect to it, of whatever family it is (SO_ACCEPTCONN, socket(7)). False for what is no socket.
[[nodiscard]] bool is_listening(BorrowedFd socket) noexcept;

}  // namespace foster::sys
