#include <algorithm>

#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

using enum Completes;

constexpr Action kActions[] = {
    {"add", "add <name> [...]\tActivates any updates in config for process/group", groups, add},
    {"avail", "avail\t\t\tDisplay all configured processes", nothing, avail},
    {"clear",
     "clear <name>\t\tClear a process' log files.\n"
     "clear <name> <name>\tClear multiple process' log files\n"
     "clear all\t\tClear all process' log files",
     processes, clear},
    {"exit", "exit\tExit the supervisor shell.", nothing, quit},
    {"fg", "fg <process>\tConnect to a process in foreground mode\n\t\tCtrl-C to exit", processes, foreground},
    {"maintail",
     "maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)\n"
     "maintail -100\tlast 100 *bytes* of supervisord main log file\n"
     "maintail\tlast 1600 *bytes* of supervisor main log file\n",
     nothing, maintail},
    {"open",
     "open <url>\tConnect to a remote supervisord process.\n"
     "\t\t(for UNIX domain socket, use unix:///socket/path)",
     nothing, open_url},
    {"pid",
     "pid\t\t\tGet the PID of supervisord.\n"
     "pid <name>\t\tGet the PID of a single child process by name.\n"
     "pid all\t\t\tGet the PID of every child process, one per line.",
     processes, pid},
    {"quit", "quit\tExit the supervisor shell.", nothing, quit},
    {"reload", "reload \t\tRestart the remote supervisord.", nothing, reload},
    {"remove", "remove <name> [...]\tRemoves process/group from active config", groups, remove_groups},
    {"reread", "reread \t\t\tReload the daemon's configuration files without add/remove", nothing, reread},
    {"restart",
     "restart <name>\t\tRestart a process\n"
     "restart <gname>:*\tRestart all processes in a group\n"
     "restart <name> <name>\tRestart multiple processes or groups\n"
     "restart all\t\tRestart all processes\n"
     "Note: restart does not reread config files. For that, see reread and update.",
     processes, restart},
    {"shutdown", "shutdown \tShut the remote supervisord down.", nothing, shutdown},
    {"signal",
     "signal <signal name> <name>\t\tSignal a process\n"
     "signal <signal name> <gname>:*\t\tSignal all processes in a group\n"
     "signal <signal name> <name> <name>\tSignal multiple processes or groups\n"
     "signal <signal name> all\t\tSignal all processes",
     processes, signal},
    {"start",
     "start <name>\t\tStart a process\n"
     "start <gname>:*\t\tStart all processes in a group\n"
     "start <name> <name>\tStart multiple processes or groups\n"
     "start all\t\tStart all processes",
     processes, start},
    {"status",
     "status <name>\t\tGet status for a single process\n"
     "status <gname>:*\tGet status for all processes in a group\n"
     "status <name> <name>\tGet status for multiple named processes\n"
     "status\t\t\tGet all process status info",
     processes, status},
    {"stop",
     "stop <name>\t\tStop a process\n"
     "stop <gname>:*\t\tStop all processes in a group\n"
     "stop <name> <name>\tStop multiple processes or groups\n"
     "stop all\t\tStop all processes",
     processes, stop},
    {"tail",
     "tail [-f] <name> [stdout|stderr] (default stdout)\n"
     "Ex:\n"
     "tail -f <name>\t\tContinuous tail of named process stdout\n"
     "\t\t\tCtrl-C to exit.\n"
     "tail -100 <name>\tlast 100 *bytes* of process stdout\n"
     "tail <name> stderr\tlast 1600 *bytes* of process stderr",
     processes, tail},
    {"update",
     "update\t\t\tReload config and add/remove as necessary, and will restart affected programs\n"
     "update all\t\tReload config and add/remove as necessary, and will restart affected programs\n"
     "update <gname> [...]\tUpdate specific groups",
     groups, update},
    {"version", "version\t\t\tShow the version of the remote supervisord process", nothing, version},
};

constexpr std::size_t kRows = 3;

// The names in columns, from above to below.
void say_actions(Session& session) {
  session.say("");
  session.say("default commands (type help <topic>):");
  session.say("{:=<37}", "");
  const auto all = action_table();
  for (std::size_t row = 0; row < kRows; ++row) {
    std::string line;
    for (std::size_t first = 0; first < all.size(); first += kRows) {
      std::size_t width = 0;
      for (const Action& one : all.subspan(first, kRows)) width = std::max(width, one.name.size());
      line += fmt::format("{}{:<{}}", line.empty() ? "" : "  ", all[first + row].name, width);
    }
    session.say(line);
  }
  session.say("");
}
static_assert(std::size(kActions) % kRows == 0);

}  // namespace

std::span<const Action> action_table() {
  return kActions;
}

const Action* find_action(std::string_view name) {
  const auto* found = std::ranges::find(kActions, name, &Action::name);
  return found != std::end(kActions) ? found : nullptr;
}

void say_help(Session& session, std::string_view name) {
  if (const Action* action = find_action(name)) session.say(action->help);
}

bool has_no_arguments(Session& session, std::string_view action, const std::string& arguments) {
  if (arguments.empty()) return true;
  session.say("Error: {} accepts no arguments", action);
  session.status = Status::generic;
  say_help(session, action);
  return false;
}

Answer<> help(Session& session, const std::string& arguments) {
  if (arguments == "help") {
    session.say("help\t\tPrint a list of available actions\nhelp <action>\tPrint help for <action>");
  } else if (arguments.empty()) {
    say_actions(session);
  } else if (find_action(arguments) != nullptr) {
    say_help(session, arguments);
  } else {
    session.say("*** No help on {}", arguments);
  }
  return {};
}

Answer<> quit(Session& session, const std::string&) {
  session.say("");
  session.is_over = true;
  return {};
}

}  // namespace foster::cli::supervisorctl
