#include "sys/listening.hpp"

#include <sys/socket.h>

namespace foster::sys {

bool is_listening(BorrowedFd socket) noexcept {
  int listens = 0;
  socklen_t size = sizeof listens;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

}  // namespace foster::sys
