#include "supervisor/exits.hpp"

#include <cstring>
#include <span>
#include <utility>

namespace foster::supervisor {

Exits::Exits(Loop& loop, sys::Channel& channel, std::uint64_t last_applied, Callbacks callbacks)
    : loop_(loop),
      channel_(channel),
      last_applied_(last_applied),
      current_(last_applied),
      callbacks_(std::move(callbacks)) {}

void Exits::start() {
  drain();
  watch_.emplace(loop_, channel_.fd(), [this] { drain(kTurn); });
}

void Exits::drain(unsigned most) {
  for (unsigned handled = 0; handled < most; ++handled) {
    reaper::Message message{};
    const auto bytes = std::as_writable_bytes(std::span(&message, 1));
    const auto receipt = channel_.peek(bytes);
    if (receipt && receipt->outcome == sys::Channel::Outcome::empty) return;
    if (!receipt || receipt->outcome == sys::Channel::Outcome::end) {
      watch_.reset();
      callbacks_.reaper_lost();
      return;
    }
    if (receipt->size >= sizeof(reaper::Header) && message.header.version == reaper::kWireVersion) handle(message);
    (void)channel_.take(bytes);  // just peeked: it is there
  }
}

void Exits::handle(const reaper::Message& message) {
  if (message.header.kind == reaper::MessageKind::exited) handle_exit(message.exited);
  if (message.header.kind == reaper::MessageKind::signalled) callbacks_.signalled(message.signalled);
}

void Exits::handle_exit(const reaper::Exited& exited) {
  if (exited.sequence <= last_applied_) return;
  current_ = exited.sequence;
  if (auto node = expected_.extract(exited.pid)) {
    node.mapped()(exited);
  } else {
    callbacks_.orphan_reaped();
  }
  count_as_applied();
  callbacks_.applied();
}

}  // namespace foster::supervisor
