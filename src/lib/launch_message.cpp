#include "lib/launch_message.hpp"

#include <span>

namespace foster {
namespace {

template <std::size_t Size>
void copy_cut(std::string_view text, char (&to)[Size]) noexcept {
  to[text.copy(to, Size - 1)] = '\0';
}

}  // namespace

LaunchMessage ready_message(Pid daemon, std::string_view text) noexcept {
  LaunchMessage message{.kind = LaunchMessage::Kind::ready};
  message.pid = daemon.number();
  copy_cut(text, message.detail);
  return message;
}

LaunchMessage failed_message(const Error& error, int exit_code) noexcept {
  LaunchMessage message{.kind = LaunchMessage::Kind::failed};
  message.exit_code = exit_code;
  message.error_code = error.code;
  copy_cut(error.step, message.step);
  copy_cut(error.detail, message.detail);
  return message;
}

Error error_in(const LaunchMessage& message) {
  return {message.step, message.error_code, message.detail};
}

void send_message(sys::Channel& channel, const LaunchMessage& message) noexcept {
  // A handful of messages never fills the socket, so EPIPE is all that can happen.
  (void)channel.send(std::as_bytes(std::span(&message, 1)));
}

TakenMessage take_message(sys::Channel& channel) noexcept {
  LaunchMessage message{};
  const auto receipt = channel.take(std::as_writable_bytes(std::span(&message, 1)));
  if (!receipt || receipt->outcome == sys::Channel::Outcome::end) return {std::nullopt, true};
  if (receipt->outcome == sys::Channel::Outcome::empty || receipt->size != sizeof message) return {};
  return {message, false};
}

}  // namespace foster
