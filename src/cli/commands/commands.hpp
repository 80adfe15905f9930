// The handlers of the commands, a file each. Only command_table.cpp needs them by name.
#pragma once

#include "cli/command_table.hpp"

namespace foster::cli::commands {

ExitCode check(Context& context, const Command& command, Arguments arguments);
ExitCode completion(Context& context, const Command& command, Arguments arguments);
ExitCode diff(Context& context, const Command& command, Arguments arguments);
ExitCode down(Context& context, const Command& command, Arguments arguments);
ExitCode explain(Context& context, const Command& command, Arguments arguments);
ExitCode history(Context& context, const Command& command, Arguments arguments);
ExitCode help(Context& context, const Command& command, Arguments arguments);
ExitCode import(Context& context, const Command& command, Arguments arguments);
ExitCode info(Context& context, const Command& command, Arguments arguments);
ExitCode init(Context& context, const Command& command, Arguments arguments);
ExitCode inspect(Context& context, const Command& command, Arguments arguments);
ExitCode lint(Context& context, const Command& command, Arguments arguments);
ExitCode logs(Context& context, const Command& command, Arguments arguments);
ExitCode orphans(Context& context, const Command& command, Arguments arguments);
ExitCode ps(Context& context, const Command& command, Arguments arguments);
ExitCode restart(Context& context, const Command& command, Arguments arguments);
ExitCode run(Context& context, const Command& command, Arguments arguments);
ExitCode signal(Context& context, const Command& command, Arguments arguments);
ExitCode start(Context& context, const Command& command, Arguments arguments);
ExitCode stop(Context& context, const Command& command, Arguments arguments);
ExitCode supervisord(Context& context, const Command& command, Arguments arguments);
ExitCode supervisorctl(Context& context, const Command& command, Arguments arguments);
ExitCode top(Context& context, const Command& command, Arguments arguments);
ExitCode tree(Context& context, const Command& command, Arguments arguments);
ExitCode up(Context& context, const Command& command, Arguments arguments);
ExitCode adopt(Context& context, const Command& command, Arguments arguments);
ExitCode upgrade(Context& context, const Command& command, Arguments arguments);
ExitCode version(Context& context, const Command& command, Arguments arguments);
ExitCode watch(Context& context, const Command& command, Arguments arguments);
ExitCode why(Context& context, const Command& command, Arguments arguments);
ExitCode zombies(Context& context, const Command& command, Arguments arguments);

}  // namespace foster::cli::commands
