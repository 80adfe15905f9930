#include "cli/console.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/line_printer.hpp"
#include "cli/log_ends.hpp"
#include "cli/log_follower.hpp"

namespace foster::cli {
namespace {

// How long the reaper and its supervisor may take to answer for the first time.
constexpr int kLooks = 3000;
constexpr int kPauseMilliseconds = 10;

void show_output(Context& context, const Target& target, const core::Model& model,
                 std::map<std::string, std::string> ends) {
  const Client client(target.directories);
  LinePrinter printer(context.out,
                      context.has_colour(context.out) ? LinePrinter::Colours::on : LinePrinter::Colours::off);
  for (const std::string& name : log_names(model)) printer.expect(name);
  LogFollower logs(client, {.names = {}, .lines = std::nullopt, .follow = true, .from = std::move(ends)});
  bool has_begun = false;
  for (int look = 0; look < kLooks && !has_begun; ++look) {
    has_begun = logs.begin().has_value();
    if (!has_begun) (void)::poll(nullptr, 0, kPauseMilliseconds);
  }
  if (!has_begun) return;
  const auto print = [&](std::string_view name, std::string_view bytes) {
    printer.take(name, bytes);
    context.out.flush();
  };
  (void)logs.finish(print, [] { return false; });
  printer.finish();
  context.out.flush();
}

}  // namespace

Result<> start_console(Context& context, const Target& target, const core::Model& model) {
  // Before anything is started, so that nothing new is taken for old.
  auto ends = ends_of_logs(target.directories.logs, model);
  context.out.flush();
  context.err.flush();
  const pid_t child = ::fork();
  if (child < 0) return failure("fork", errno);
  if (child > 0) return {};
  // Requests to end are the reaper's; this ends when there is no more to show.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) (void)std::signal(signal, SIG_IGN);
  show_output(context, target, model, std::move(ends));
  ::_exit(0);
}

}  // namespace foster::cli
