#include <poll.h>

#include <optional>

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "sys/pidfd.hpp"

namespace foster::cli::commands {
namespace {

// Everything is down already; what is left is the exit of two small processes.
constexpr int kLastPatienceMilliseconds = 10'000;

std::optional<sys::ProcessHandle> reaper_of(const Reply& reply) {
  const auto info = read_info(reply.body);
  if (!info || info->reaper <= 0) return std::nullopt;
  auto handle = sys::ProcessHandle::open(Pid(static_cast<pid_t>(info->reaper)));
  return handle ? std::optional(std::move(*handle)) : std::nullopt;
}

}  // namespace

ExitCode down(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const auto info = ask_or_complain(context, *target, {.target = "/v1/info"});
  if (!info) return info.error();
  const auto reaper = reaper_of(*info);
  // Not asked twice: the second time would mean "at once".
  const auto reply = ask_with_progress(context, *target, {.method = "POST", .target = "/v1/shutdown"}, Repeat::never,
                                       Progress::on_terminal);
  if (!reply) return reply.error();
  if (reaper) {
    pollfd ended{reaper->fd().get(), POLLIN, 0};
    (void)::poll(&ended, 1, kLastPatienceMilliseconds);  // looked at below
    if (reaper->is_alive()) {
      context.complain("everything is stopped, but the reaper (pid {}) is still there", reaper->pid().number());
      return ExitCode::failed;
    }
  }
  const auto changed = read_changed(reply->body);
  if (!changed) return complain_about(context, *reply);
  if (context.wants_json) context.out.print("{}\n", reply->body);
  return complain_about(context, changed->outcomes, "did not stop");
}

}  // namespace foster::cli::commands
