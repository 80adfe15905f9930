#include "sys/proc_connector.hpp"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iterator>
#include <optional>

#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/facilities.hpp"
#include "sys/own_children.hpp"

namespace foster::sys {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostAtOnce = 4096;
constexpr std::chrono::nanoseconds kAnswerPatience = 1s;

/// What tells the answers to us from those to others.
std::uint32_t own_mark() {
  return static_cast<std::uint32_t>(::getpid());
}

Result<> send_wish(BorrowedFd socket, proc_cn_mcast_op wish) {
  const cn_msg head{
      .id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC}, .seq = 0, .ack = own_mark(), .len = sizeof wish, .flags = 0};
  std::array<std::byte, NLMSG_HDRLEN + sizeof head + sizeof wish> message{};
  const nlmsghdr outer{
      .nlmsg_len = message.size(), .nlmsg_type = NLMSG_DONE, .nlmsg_flags = 0, .nlmsg_seq = 0, .nlmsg_pid = 0};
  std::memcpy(message.data(), &outer, sizeof outer);
  std::memcpy(message.data() + NLMSG_HDRLEN, &head, sizeof head);
  std::memcpy(message.data() + NLMSG_HDRLEN + sizeof head, &wish, sizeof wish);
  return check_done(retry_on_eintr([&] { return ::send(socket.get(), message.data(), message.size(), MSG_NOSIGNAL); }),
                    "ask for events");
}

/// One datagram. Empty: of somebody else than the kernel, whom anybody can imitate but for the sender's address.
Result<std::optional<ProcessNews>> receive(BorrowedFd socket) {
  alignas(nlmsghdr) std::array<std::byte, 8192> buffer;
  sockaddr_nl sender{};
  socklen_t size = sizeof sender;
  const auto got = check(retry_on_eintr([&] {
                           return ::recvfrom(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                             reinterpret_cast<sockaddr*>(&sender), &size);
                         }),
                         "receive events");
  if (!got) return Failure(got.error());
  if (sender.nl_pid != 0) return std::optional<ProcessNews>();
  return parse_process_news(std::span(buffer).first(static_cast<std::size_t>(*got)));
}

const ConnectorAnswer* answer_to_us(const std::optional<ProcessNews>& news) {
  if (!news) return nullptr;
  const auto found = std::ranges::find(news->answers, own_mark() + 1, &ConnectorAnswer::acknowledges);
  return found != news->answers.end() ? &*found : nullptr;
}

}  // namespace

Result<ProcConnector> ProcConnector::open(const Options& options) {
  if (!facility_allowed(Facility::proc_connector)) return failure("listen for events", ENOTSUP, "switched off");
  if (!proc_is_ours()) return failure("listen for events", ENOTSUP, "/proc shows another pid namespace");
  const auto number = check(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR), "socket");
  if (!number) return Failure(number.error());
  UniqueFd fd(*number);
  // Beyond what others may have; who may not gets what there is.
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &options.buffer_bytes, sizeof options.buffer_bytes) != 0) {
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &options.buffer_bytes, sizeof options.buffer_bytes);
  }
  const sockaddr_nl address{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = CN_IDX_PROC};
  if (auto bound =
          check_done(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind to events");
      !bound) {
    return Failure(bound.error());
  }
  ProcConnector connector(std::move(fd));
  if (auto asked = connector.ask_for_events(); !asked) return Failure(asked.error());
  return connector;
}

ProcConnector::~ProcConnector() {
  if (fd_) (void)send_wish(fd_, PROC_CN_MCAST_IGNORE);
}

// The kernel says nothing at all to who is in a container.
Result<> ProcConnector::ask_for_events() {
  if (auto sent = send_wish(fd_, PROC_CN_MCAST_LISTEN); !sent) return failure("listen for events", ENOTSUP);
  const auto deadline = monotonic_now() + kAnswerPatience;
  for (auto left = kAnswerPatience; left > 0ns; left = deadline - monotonic_now()) {
    pollfd ready{fd_.get(), POLLIN, 0};
    (void)::poll(&ready, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
    const auto news = receive(fd_);
    if (!news) continue;  // EAGAIN: not yet; ENOBUFS: a busy machine
    if (const ConnectorAnswer* answer = answer_to_us(*news)) {
      return answer->error == 0 ? Result<>() : failure("listen for events", answer->error);
    }
  }
  return failure("listen for events", ENOTSUP, "the kernel does not answer, as in a container");
}

Result<ConnectorNews> ProcConnector::read() {
  using enum ConnectorNews::Completeness;
  ConnectorNews found;
  // Once events were lost, further ones are, without a word, until the queue was empty: only a look after that heals.
  while (found.events.size() < kMostAtOnce || found.completeness == has_gaps) {
    auto news = receive(fd_);
    if (!news) {
      if (news.error().code == EAGAIN) break;
      if (news.error().code != ENOBUFS) return Failure(news.error());
      found.completeness = has_gaps;
      continue;
    }
    if (*news) std::ranges::move((*news)->events, std::back_inserter(found.events));
  }
  return found;
}

}  // namespace foster::sys
