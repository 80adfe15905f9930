#include "cli/supervisord/main.hpp"

#include "cli/commands/commands.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"

namespace foster::cli::commands {
namespace {

// For help and completion alone: the words themselves are read as the original does.
std::vector<OptionHelp> options() {
  return {
      {.names = "-c,--configuration", .type = "FILE", .help = "The supervisord.conf to run [searched for]"},
      {.names = "-n,--nodaemon", .type = "", .help = "Stay in the foreground"},
      {.names = "-s,--silent", .type = "", .help = "No log on standard output"},
      {.names = "-u,--user", .type = "USER", .help = "Become this user"},
      {.names = "-d,--directory", .type = "DIR", .help = "Where a daemon runs"},
      {.names = "-m,--umask", .type = "MASK", .help = "Umask of a daemon [022]"},
      {.names = "-l,--logfile", .type = "FILE", .help = "Write the log there"},
      {.names = "-e,--loglevel", .type = "LEVEL", .help = "How much is logged"},
      {.names = "-j,--pidfile", .type = "FILE", .help = "Write the pid there"},
      {.names = "-i,--identifier", .type = "TEXT", .help = "What it is called"},
      {.names = "-q,--childlogdir", .type = "DIR", .help = "Where logs of programs are that name no file"},
      {.names = "-h", .type = "", .help = "The help of the original, with the options that are left"},
  };
}

}  // namespace

ExitCode supervisord(Context& context, const Command& command, Arguments arguments) {
  const std::string_view only = arguments.size() == 1 ? arguments.front() : "";
  if (only == "--help") {
    context.out.write(command_help(command, options()));
    return ExitCode::done;
  }
  if (only == kListOptions) {
    context.out.write(option_names(options()));
    return ExitCode::done;
  }
  return static_cast<ExitCode>(supervisord::run("foster supervisord", arguments, context.out, context.err));
}

}  // namespace foster::cli::commands
