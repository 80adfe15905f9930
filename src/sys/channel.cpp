#include "sys/channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "sys/check.hpp"

namespace foster::sys {
namespace {

constexpr std::size_t kControlSize = CMSG_SPACE(Channel::kMaxFds * sizeof(int));

iovec span_of(std::span<const std::byte> bytes) noexcept {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

/// A peer that was closed with unread messages shows once, as an error and before the messages that it had sent.
ssize_t receive(int fd, msghdr& header, int flags) noexcept {
  const msghdr asked = header;
  for (;;) {
    const ssize_t size = ::recvmsg(fd, &header, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size >= 0 || (errno != EINTR && errno != ECONNRESET)) return size;
    header = asked;
  }
}

Result<Channel::Receipt> describe(ssize_t size, const msghdr& header, const char* step) noexcept {
  if (size < 0) {
    const int code = errno;
    if (code == EAGAIN) return Channel::Receipt{Channel::Outcome::empty};
    return failure(step, code);
  }
  if ((header.msg_flags & MSG_TRUNC) != 0) return failure(step, EMSGSIZE);
  if (size == 0) return Channel::Receipt{Channel::Outcome::end};
  return Channel::Receipt{Channel::Outcome::message, static_cast<std::size_t>(size)};
}

/// Owns every descriptor of a received message; those that find no place in `fds` are closed again.
std::size_t adopt_fds(msghdr& header, std::span<UniqueFd> fds) noexcept {
  std::size_t count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t carried = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < carried; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
      UniqueFd fd(number);
      if (count < fds.size()) fds[count] = std::move(fd);
      ++count;
    }
  }
  return count;
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::pair() {
  int ends[2];
  if (auto made = check_done(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair"); !made) {
    return Failure(made.error());
  }
  return std::pair(Channel(UniqueFd(ends[0])), Channel(UniqueFd(ends[1])));
}

Result<> Channel::send(std::span<const std::byte> message, std::span<const BorrowedFd> fds) noexcept {
  if (message.empty() || fds.size() > kMaxFds) return failure("send", EINVAL);
  iovec body = span_of(message);
  msghdr header{};
  header.msg_iov = &body;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::byte control[kControlSize]{};
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    for (std::size_t i = 0; i < fds.size(); ++i) {
      const int number = fds[i].get();
      std::memcpy(CMSG_DATA(part) + i * sizeof(int), &number, sizeof number);
    }
  }
  const auto sent = retry_on_eintr([&] { return ::sendmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL); });
  return check_done(sent, "send");
}

Result<Channel::Receipt> Channel::peek(std::span<std::byte> buffer) noexcept {
  iovec body = span_of(buffer);
  msghdr header{};
  header.msg_iov = &body;
  header.msg_iovlen = 1;
  // Without room for control data the kernel installs no descriptor.
  const ssize_t size = receive(fd_.get(), header, MSG_PEEK);
  return describe(size, header, "peek");
}

Result<Channel::Receipt> Channel::take(std::span<std::byte> buffer, std::span<UniqueFd> fds) noexcept {
  iovec body = span_of(buffer);
  msghdr header{};
  header.msg_iov = &body;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::byte control[kControlSize]{};
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(std::min(fds.size(), kMaxFds) * sizeof(int));
  }
  const ssize_t size = receive(fd_.get(), header, 0);
  auto receipt = describe(size, header, "take");
  if (size < 0) return receipt;
  const std::size_t carried = adopt_fds(header, fds);
  if (receipt && carried <= fds.size() && (header.msg_flags & MSG_CTRUNC) == 0) {
    receipt->fd_count = carried;
    return receipt;
  }
  for (UniqueFd& fd : fds.first(std::min(carried, fds.size()))) fd.reset();
  return receipt ? Result<Receipt>(failure("take", EMSGSIZE)) : receipt;
}

}  // namespace foster::sys
