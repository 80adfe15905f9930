// fg: a process as if it ran in this terminal.
#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/growing_log.hpp"
#include "cli/supervisorctl/interrupt.hpp"
#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

using enum compat::FaultCode;

constexpr std::int64_t kRunning = 20;

Answer<> complain(Session& session, std::string_view what) {
  session.say("ERROR: {}", what);
  session.status = Status::generic;
  return {};
}

// Shows what the process writes until there is a line for it, or Ctrl-C.
Line wait_for_line(Session& session, std::span<GrowingLog* const> logs) {
  session.out.flush();
  while (!session.input.has_line()) {
    std::vector<pollfd> descriptors{{session.input.fd().get(), POLLIN, 0}};
    for (GrowingLog* log : logs) descriptors.push_back({log->is_over() ? -1 : log->fd().get(), POLLIN, 0});
    if (wait_for(descriptors) == Wait::interrupted) return {.kind = Line::Kind::interrupted};
    if (descriptors.front().revents != 0) session.input.fill();
    for (std::size_t i = 0; i < logs.size(); ++i) {
      if (!logs[i]->is_over() && descriptors[i + 1].revents != 0) logs[i]->pump();
    }
  }
  return session.input.take_line();
}

/// @return Whether the process still runs.
Answer<bool> hand_on(Session& session, const std::string& name, const std::string& line) {
  const auto sent = session.remote.call("sendProcessStdin", {name, line + "\n"});
  if (!sent) {
    if (sent.error().kind != Trouble::Kind::fault) return std::unexpected(sent.error());
    sent.error().is(not_running) ? session.say("Process got killed")
                                 : session.say("ERROR: {}", fault_text(sent.error()));
    return false;
  }
  const auto info = session.remote.call("getProcessInfo", {name});
  if (!info) return std::unexpected(info.error());
  if (number_member(*info, "state") == kRunning) return true;
  session.say("Process got killed");
  return false;
}

Answer<> connect_to(Session& session, const std::string& name) {
  const CatchInterrupts catcher;
  GrowingLog output(session, fmt::format("/logtail/{}/stdout", name));
  GrowingLog errors(session, fmt::format("/logtail/{}/stderr", name));
  GrowingLog* const logs[] = {&output, &errors};
  for (bool goes_on = true; goes_on;) {
    const Line line = wait_for_line(session, logs);
    if (line.kind != Line::Kind::text) break;
    const auto handed = hand_on(session, name, line.text);
    if (!handed && handed.error().kind == Trouble::Kind::interrupted) break;
    if (!handed) return std::unexpected(handed.error());
    goes_on = *handed;
  }
  session.say("Exiting foreground");
  return {};
}

}  // namespace

Answer<> foreground(Session& session, const std::string& arguments) {
  const auto up = session.is_up();
  if (!up || !*up) return up ? Answer<>{} : std::unexpected(up.error());
  const auto names = words_of(arguments);
  if (names.empty()) {
    (void)complain(session, "no process name supplied");
    say_help(session, "fg");
    return {};
  }
  if (names.size() > 1) return complain(session, "too many process names supplied");
  const auto info = session.remote.call("getProcessInfo", {names.front()});
  if (!info) {
    if (info.error().is(bad_name)) return complain(session, "bad process name supplied");
    if (info.error().kind != Trouble::Kind::fault) return std::unexpected(info.error());
    session.say("ERROR: {}", fault_text(info.error()));
    return {};
  }
  if (number_member(*info, "state") != kRunning) return complain(session, "process not running");
  session.say("==> Press Ctrl-C to exit <==");
  return connect_to(session, names.front());
}

}  // namespace foster::cli::supervisorctl
