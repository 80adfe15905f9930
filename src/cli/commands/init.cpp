#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "config/load.hpp"
#include "reaper/pid1.hpp"
#include "reaper/role_arguments.hpp"

namespace foster::cli::commands {
namespace {

ExitCode run_one(Context& context, const std::vector<std::string>& words) {
  // The command starts with what this program was started with.
  (void)std::signal(SIGPIPE, context.found_sigpipe);
  const reaper::InitOutcome outcome = reaper::run_command_as_init(words);
  if (outcome.error) context.complain("{}", to_string(*outcome.error));
  return static_cast<ExitCode>(outcome.exit_code);
}

// This very process becomes the reaper: it has the pid that signals come to.
ExitCode become_reaper(Context& context, const std::string& config) {
  const auto loaded = config::load_file(config);
  if (!loaded) {
    context.err.write(config::render(loaded.error(), {.colour = context.has_colour(context.err)}));
    context.complain("{} is not valid; nothing was started", config);
    return ExitCode::bad_config;
  }
  const auto target = target_or_complain(context, loaded->path);
  if (!target) return target.error();
  if (const auto console = start_console(context, *target, loaded->model); !console) {
    context.complain("{}", to_string(console.error()));
    return ExitCode::failed;
  }
  reaper::RoleArguments role;
  role.name = target->name;
  role.directories = target->directories;
  role.config = loaded->path;
  std::vector<std::string> words = reaper::role_words(role);
  words.insert(words.begin(), reaper::kReaperRole);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  context.err.flush();
  ::execv("/proc/self/exe", argv.data());
  context.complain("{}", to_string(Error{"exec", errno, "/proc/self/exe"}));
  return ExitCode::failed;
}

}  // namespace

ExitCode init(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> config;
  std::vector<std::string> words;
  options.text("--config", config, "FILE", "Supervise the services of this config");
  options.command_line(words);
  if (const auto code = options.parse(arguments)) return *code;
  if (config.has_value() == !words.empty()) {
    context.complain("either a command or a config: foster init -- COMMAND, or: foster init --config FILE");
    return ExitCode::usage;
  }
  return config ? become_reaper(context, *config) : run_one(context, words);
}

}  // namespace foster::cli::commands
