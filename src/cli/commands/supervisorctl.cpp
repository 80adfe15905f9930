#include "cli/supervisorctl/main.hpp"

#include "cli/commands/commands.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"

namespace foster::cli::commands {
namespace {

// For help and completion alone: the words themselves are read as the original does.
std::vector<OptionHelp> options() {
  return {
      {.names = "-c,--configuration", .type = "FILE", .help = "The supervisord.conf to read [searched for]"},
      {.names = "-s,--serverurl", .type = "URL", .help = "unix:///PATH or http://HOST:PORT of the supervisord"},
      {.names = "-u,--username", .type = "NAME", .help = "Who asks"},
      {.names = "-p,--password", .type = "TEXT", .help = "With which password"},
      {.names = "-r,--history_file", .type = "FILE", .help = "Where the shell remembers what was typed"},
      {.names = "-i,--interactive", .type = "", .help = "Ask before a shutdown or a reload"},
      {.names = "-h", .type = "", .help = "The help of the original"},
  };
}

}  // namespace

ExitCode supervisorctl(Context& context, const Command& command, Arguments arguments) {
  const std::string_view only = arguments.size() == 1 ? arguments.front() : "";
  if (only == "--help") {
    context.out.write(command_help(command, options()));
    return ExitCode::done;
  }
  if (only == kListOptions) {
    context.out.write(option_names(options()));
    return ExitCode::done;
  }
  return static_cast<ExitCode>(supervisorctl::run("foster supervisorctl", arguments, context.out, context.err));
}

}  // namespace foster::cli::commands
