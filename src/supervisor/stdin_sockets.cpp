#include "supervisor/stdin_sockets.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "sys/check.hpp"
#include "sys/credentials.hpp"
#include "sys/files.hpp"
#include "sys/listening.hpp"
#include "sys/unix_socket.hpp"

namespace foster::supervisor {
namespace {

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kTcp = "tcp://";

// An owner without a group leaves the group as it is; a user that nobody named an owner for brings its own.
Result<> give_to(const std::string& path, const std::string& owner, const std::string& user) {
  const std::string& whom = owner.empty() ? user : owner;
  if (whom.empty()) return {};
  const auto colon = whom.find(':');
  const std::string group = colon == std::string::npos ? std::string() : whom.substr(colon + 1);
  const auto ids = sys::find_credentials(whom.substr(0, colon), group);
  if (!ids) return Failure(ids.error());
  const bool keeps_group = group.empty() && !owner.empty();
  return sys::check_done(::lchown(path.c_str(), ids->user.uid, keeps_group ? static_cast<gid_t>(-1) : ids->gid),
                         "chown", path);
}

Result<UniqueFd> listen_on_path(const std::string& path, const core::StdinSocket& wanted, const std::string& user) {
  const std::filesystem::path whole(path);
  auto directory = sys::open_file(whole.parent_path(), O_PATH | O_DIRECTORY);
  if (!directory) return directory;
  auto socket = sys::listen_unix(*directory, whole.filename(),
                                 {.mode = static_cast<mode_t>(wanted.mode), .backlog = wanted.backlog});
  if (!socket) return failure(socket.error().step, socket.error().code, path);
  if (auto done = give_to(path, wanted.owner, user); !done) return Failure(done.error());
  return socket;
}

Result<UniqueFd> listen_on_port(const std::string& address, const core::StdinSocket& wanted) {
  const auto colon = address.rfind(':');
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(address.substr(0, colon).c_str(), address.substr(colon + 1).c_str(), &hints, &found);
  if (code != 0) return failure("address", code == EAI_SYSTEM ? errno : EADDRNOTAVAIL, address);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return failure("socket", errno, address);
  // Connections of the last server that linger in TIME_WAIT are in nobody's way.
  const int on = 1;
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return failure("bind", errno, address);
  if (::listen(socket.get(), wanted.backlog) != 0) return failure("listen", errno, address);
  return socket;
}

Result<UniqueFd> listen_for(const core::StdinSocket& wanted, const std::string& user) {
  const std::string& address = wanted.address;
  auto socket = address.starts_with(kUnix) ? listen_on_path(address.substr(kUnix.size()), wanted, user)
                                           : listen_on_port(address.substr(kTcp.size()), wanted);
  // Programs wait in accept().
  if (socket) (void)::fcntl(socket->get(), F_SETFL, O_RDWR);
  return socket;
}

std::string name_of(const std::string& address) {
  return "stdin " + address;
}

}  // namespace

Result<UniqueFd> StdinSockets::lend(core::InstanceId id, const core::StdinSocket& wanted, const std::string& user) {
  const std::string name = name_of(wanted.address);
  if (auto found = listeners_.find(name)) {
    users_[wanted.address].insert(id);
    return std::move(*found);
  }
  auto opened = listen_for(wanted, user);
  if (!opened) return opened;
  listeners_.keep(name, *opened);
  users_[wanted.address].insert(id);
  return opened;
}

void StdinSockets::give_back(core::InstanceId id) {
  for (auto shared = users_.begin(); shared != users_.end();) {
    const bool was_last = shared->second.erase(id) != 0 && shared->second.empty();
    if (was_last) listeners_.let_go(name_of(shared->first));
    shared = was_last ? users_.erase(shared) : std::next(shared);
  }
}

void StdinSockets::take_up(core::InstanceId id, const core::StdinSocket& wanted, const sys::ProcessHandle* process) {
  const std::string name = name_of(wanted.address);
  bool is_there = listeners_.find(name).has_value();
  if (!is_there && process != nullptr) {
    const auto socket = process->copy_descriptor(STDIN_FILENO);
    is_there = socket && sys::is_listening(*socket);
    if (is_there) listeners_.keep(name, *socket);
  }
  if (is_there) users_[wanted.address].insert(id);
}

}  // namespace foster::supervisor
