#include "supervisor/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "sys/check.hpp"

namespace foster::supervisor {
namespace {

// systemd's own limit is the pipe buffer; what is longer is cut, and its last line may be lost.
constexpr std::size_t kMaxMessage = 4096;
// BARRIER=1 and FDSTORE=1 send descriptors: they are received to be closed, which is what a barrier waits for.
constexpr std::size_t kMaxDescriptors = 8;

void close_descriptors(const cmsghdr* header) {
  const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t n = 0; n < count; ++n) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header) + n * sizeof(int), sizeof fd);
    UniqueFd closed(fd);
  }
}

}  // namespace

Result<std::unique_ptr<NotifySocket>> NotifySocket::open(Loop& loop, const std::string& name, Receive receive) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() + 1 > sizeof address.sun_path) return failure("bind", ENAMETOOLONG, "@" + name);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());

  auto fd = sys::check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  if (!fd) return Failure(fd.error());
  UniqueFd owned(*fd);
  const int on = 1;
  if (auto done = sys::check_done(::setsockopt(*fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on), "setsockopt SO_PASSCRED");
      !done) {
    return Failure(done.error());
  }
  if (auto done = sys::check_done(::bind(*fd, reinterpret_cast<const sockaddr*>(&address), length), "bind", "@" + name);
      !done) {
    return Failure(done.error());
  }
  return std::unique_ptr<NotifySocket>(new NotifySocket(loop, std::move(owned), "@" + name, std::move(receive)));
}

NotifySocket::NotifySocket(Loop& loop, UniqueFd fd, std::string address, Receive receive)
    : fd_(std::move(fd)),
      address_(std::move(address)),
      receive_(std::move(receive)),
      watch_(loop, fd_, [this] { drain(); }) {}

void NotifySocket::drain() {
  for (;;) {
    std::array<char, kMaxMessage> text;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control;
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size =
        sys::retry_on_eintr([&] { return ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
    if (size < 0) return;  // EAGAIN: nothing more
    ucred sender{};
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET) continue;
      if (header->cmsg_type == SCM_CREDENTIALS) std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
      if (header->cmsg_type == SCM_RIGHTS) close_descriptors(header);
    }
    if (sender.pid <= 0) continue;  // from a pid namespace we cannot see: nobody to attribute it to
    receive_(parse_notify_message(std::string_view(text.data(), static_cast<std::size_t>(size))),
             Sender{sender.pid, sender.uid});
  }
}

}  // namespace foster::supervisor
