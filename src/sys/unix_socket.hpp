// Stream sockets in the file system, addressed by directory and name, so that no path is too long for sun_path.
#pragma once

#include <sys/types.h>

#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::sys {

struct ListenOptions {
  mode_t mode = 0600;  ///< Of the socket file; it never has another one, not even for a moment.
  int backlog = 128;
};

/// Listens on `name` in `directory`, non-blocking and close-on-exec. A socket file that is there already is replaced:
/// the caller holds the lock that says nobody uses it. Needs /proc.
/// @errors `EADDRINUSE` something that is no socket has the name; `EACCES`, `EROFS`, `ENOSPC` from the directory.
[[nodiscard]] Result<UniqueFd> listen_unix(BorrowedFd directory, const std::string& name,
                                           const ListenOptions& options = {});

/// Connects to `name` in `directory`; the descriptor blocks and is close-on-exec.
/// @errors `ENOENT` no such file; `ECONNREFUSED` nobody listens any more; `EACCES`.
/// @blocks While the listener's backlog is full.
[[nodiscard]] Result<UniqueFd> connect_unix(BorrowedFd directory, const std::string& name);

/// Whether a connection to `name` in `directory` is accepted, or would be once there is room. Does not wait.
[[nodiscard]] bool has_listener(BorrowedFd directory, const std::string& name);

/// Who is at the other end, as the kernel recorded it at connect(2) or listen(2).
struct PeerCredentials {
  pid_t pid;  ///< 0 when the peer is outside our pid namespace. The process may have ended since.
  uid_t uid;
  gid_t gid;
};

[[nodiscard]] Result<PeerCredentials> peer_credentials(BorrowedFd socket);

}  // namespace foster::sys
