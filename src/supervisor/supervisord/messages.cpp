#include "supervisor/supervisord/messages.hpp"

#include <fmt/format.h>

#include "compat/event.hpp"

namespace foster::supervisor::supervisord {
namespace {

using config::supervisord::Process;

std::string end_of(const std::optional<ExitStatus>& exit) {
  if (!exit || std::holds_alternative<ExitUnknown>(*exit)) return "unknown termination cause";
  if (const auto* exited = std::get_if<Exited>(&*exit)) return fmt::format("exit status {}", exited->code);
  const auto& killed = std::get<Killed>(*exit);
  return fmt::format("terminated by SIG{}{}", killed.signal.name(), killed.core_dumped ? " (core dumped)" : "");
}

std::string_view name_of(compat::Channel channel) {
  return channel == compat::Channel::standard_output ? "stdout" : "stderr";
}

}  // namespace

std::optional<Message> message_of(Turn turn, const Process& process, const std::optional<ExitStatus>& exit,
                                  std::string_view spawn_error) {
  const bool is_good = exit && is_expected(*exit, process.exitcodes);
  switch (turn) {
    case Turn::no_spawn:
      return Message{Level::info, fmt::format("spawnerr: {}", spawn_error)};
    case Turn::succeeded:
      return Message{Level::info,
                     fmt::format("success: {} entered RUNNING state, process has stayed up for > than {} seconds "
                                 "(startsecs)",
                                 process.name, process.startsecs)};
    case Turn::too_quick:
      return Message{Level::warn, fmt::format("exited: {} ({}; not expected)", process.name, end_of(exit))};
    case Turn::ended:
      return Message{is_good ? Level::info : Level::warn, fmt::format("exited: {} ({}; {})", process.name, end_of(exit),
                                                                      is_good ? "expected" : "not expected")};
    case Turn::stopped:
      return Message{is_good ? Level::info : Level::warn, fmt::format("stopped: {} ({})", process.name, end_of(exit))};
    case Turn::none:
    case Turn::begun:
      break;
  }
  return std::nullopt;
}

Message spawned(const Process& process, int pid) {
  return {Level::info, fmt::format("spawned: '{}' with pid {}", process.name, pid)};
}

Message gave_up(const Process& process) {
  return {Level::info,
          fmt::format("gave up: {} entered FATAL state, too many start retries too quickly", process.name)};
}

Message killing(const Process& process, int pid) {
  return {Level::warn, fmt::format("killing '{}' ({}) with SIGKILL", process.name, pid)};
}

Message stopping(const Process& process, int pid, Signal signal, Whom whom) {
  return {Level::debug, fmt::format("killing {} (pid {}) {}with signal SIG{}", process.name, pid,
                                    whom == Whom::group ? "process group " : "", signal.name())};
}

Message stopping_in_backoff(const Process& process) {
  return {Level::debug, fmt::format("Attempted to kill {}, which is in BACKOFF state.", process.name)};
}

Message signalled(std::string_view name, int pid, Signal signal) {
  return {Level::debug, fmt::format("sending {} (pid {}) sig SIG{}", name, pid, signal.name())};
}

Message child_quit() {
  return {Level::debug, "received SIGCHLD indicating a child quit"};
}

Message wrote(const Process& process, compat::Channel channel, std::string_view text) {
  return {Level::debug, fmt::format("'{}' {} output:\n{}", process.name, name_of(channel), compat::as_text(text))};
}

Message emitted(const Process& process, compat::Channel channel) {
  return {Level::debug, fmt::format("'{}' {} emitted a comm event", process.name, name_of(channel))};
}

}  // namespace foster::supervisor::supervisord
