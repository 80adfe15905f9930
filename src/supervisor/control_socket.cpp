#include "supervisor/control_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>
#include <utility>

#include "reaper/wire.hpp"
#include "sys/listening.hpp"
#include "sys/runtime_dir.hpp"
#include "sys/unix_socket.hpp"

namespace foster::supervisor {
namespace {

bool has_name(BorrowedFd directory) {
  struct stat facts{};
  return ::fstatat(directory.get(), sys::kControlSocket, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(facts.st_mode);
}

// A reaper that is not told keeps nothing: the next supervisor makes a socket of its own.
void tell_reaper(sys::Channel& reaper, BorrowedFd socket) {
  const reaper::Plain message{.header = {reaper::kWireVersion, reaper::MessageKind::listen}};
  const BorrowedFd fds[] = {socket};
  (void)reaper.send(bytes_of(message), fds);
}

}  // namespace

Result<UniqueFd> take_control_socket(BorrowedFd runtime_directory, UniqueFd inherited, sys::Channel& reaper,
                                     Listeners& listeners) {
  const std::string name = sys::kControlSocket;
  auto kept = listeners.find(name);
  const bool is_named = has_name(runtime_directory);
  if (is_named && inherited && sys::is_listening(inherited)) {
    if (!kept) listeners.keep(name, inherited);
    return inherited;
  }
  if (is_named && kept) {
    tell_reaper(reaper, *kept);
    return std::move(*kept);
  }
  auto socket = sys::listen_unix(runtime_directory, name);
  if (!socket) return socket;
  listeners.keep(name, *socket);
  tell_reaper(reaper, *socket);
  return socket;
}

}  // namespace foster::supervisor
