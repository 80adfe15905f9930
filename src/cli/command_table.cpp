#include "cli/command_table.hpp"

#include <string_view>
#include <vector>

#include "cli/commands/commands.hpp"
#include "config/suggest.hpp"

namespace foster::cli {
namespace {

constexpr Command kCommands[] = {
    {"run", "[-n NAME] -- COMMAND [ARGUMENT…]", "Detach any command and supervise it",
     "foster run -n web -- python3 -m http.server 8000   # returns when it is up, or says why not\n"
     "foster run --restart always --ready tcp=127.0.0.1:8000 -- ./server\n"
     "foster run -n job --workers 4 -- ./worker --number %i",
     Operands::command, commands::run},
    {"adopt", "PID|PIDFILE -n NAME [-- COMMAND [ARGUMENT…]]", "Supervise a process that something else has started",
     "foster adopt 4711 -n web                          # watched, stopped, told of; not started again\n"
     "foster adopt /run/web.pid -n web -- ./server      # and started by this command when it ends",
     Operands::command, commands::adopt},
    {"up", "[FILE]", "Start everything in foster.toml, or apply what has changed in it",
     "foster up                        # in the foreground: output of all, Ctrl-C stops all in order\n"
     "foster up -d shop/foster.toml    # returns when all are ready, or names those that are not\n"
     "foster up -d --dry-run           # the plan, without doing it\n"
     "foster up supervisord.conf       # what was written for Supervisor, as it is",
     Operands::file, commands::up},
    {"down", "", "Stop everything in order, then foster itself", "foster down\nfoster down --name shop", Operands::none,
     commands::down},
    {"ps", "[NAME…]", "Show services: state, pid, uptime, and why they are so",
     "foster ps\nfoster ps --all                  # of every foster of this user\n"
     "foster ps 'web*' --json\nfoster ps web || echo 'web is not running'",
     Operands::services, commands::ps},
    {"top", "[NAME…]", "Show services live, with keys to start, stop and restart them",
     "foster top                       # ? tells the keys\nfoster top --once                # one screen as text, for "
     "scripts\nfoster top -n 5 'web*'           # five, one a second",
     Operands::services, commands::top},
    {"start", "NAME…", "Start services, with what they need", "foster start web\nfoster start --no-wait 'worker*'",
     Operands::services, commands::start},
    {"stop", "NAME…", "Stop services: nothing of them is alive afterwards", "foster stop web\nfoster stop '*'",
     Operands::services, commands::stop},
    {"restart", "NAME…", "Restart services", "foster restart web\nfoster restart 'web*'", Operands::services,
     commands::restart},
    {"signal", "SIGNAL NAME…", "Send a signal to the main process of services",
     "foster signal HUP nginx\nfoster signal USR1 'web*'", Operands::signal_and_services, commands::signal},
    {"logs", "[NAME…]", "Show what services wrote",
     "foster logs web\nfoster logs -f                   # of all, as it comes\nfoster logs -n 100 'web*'\n"
     "foster logs web/stderr           # where stderr is kept apart\n"
     "foster logs --raw web > web.log  # the exact bytes, rotated files included",
     Operands::services, commands::logs},
    {"why", "NAME…", "Tell why a service is in its state", "foster why web", Operands::services, commands::why},
    {"history", "NAME…", "Tell each run of a service: its causes, end, use and last words",
     "foster history web\nfoster history -n 3 'web*'         # the last three runs of each\n"
     "foster history web --since 1h    # or --since '2031-05-07 09:30'",
     Operands::services, commands::history},
    {"tree", "[PID|NAME]", "Show the process tree: sessions, orphans, daemons, zombies",
     "foster tree                      # of the whole machine\nfoster tree web                  # of a service\n"
     "foster tree --watch $$           # what this shell starts, live",
     Operands::processes, commands::tree},
    {"watch", "[PID|NAME…]", "Tell forks, execs, exits, sessions and adoptions as they happen",
     "foster watch $$                  # what this shell starts\n"
     "foster watch web --every 1       # look every millisecond, where the kernel tells nothing\n"
     "foster watch --json              # of the whole machine",
     Operands::processes, commands::watch},
    {"inspect", "PID|NAME", "Tell all about a process, and what will happen to it when",
     "foster inspect $$                # and if this terminal closes?\nfoster inspect web               # of a "
     "service\n"
     "foster inspect 4711 --json | jq .when",
     Operands::processes, commands::inspect},
    {"lint", "PID|NAME | -- COMMAND [ARGUMENT…]", "Judge whether a process is a proper daemon, rule by rule",
     "foster lint nginx                # of a running one\n"
     "foster lint -- ./server --daemon # starts it, watches it become a daemon, judges, and ends it\n"
     "foster lint --json 4711 | jq '.rules[] | select(.verdict == \"fail\")'",
     Operands::processes, commands::lint},
    {"zombies", "[PID|NAME]", "List zombies by the parent that does not wait, and what to do",
     "foster zombies\nfoster zombies --nudge           # SIGCHLD to the parents: did it help?\n"
     "foster zombies --trend 10        # do they become more?",
     Operands::processes, commands::zombies},
    {"orphans", "", "List processes that have lost their parent, and who adopted them",
     "foster orphans\nfoster orphans --all             # daemons, too", Operands::none, commands::orphans},
    {"explain", "[TOPIC]", "Explain sessions, zombies, daemons and more, with live processes",
     "foster explain                   # what there is\nfoster explain double-fork\n"
     "foster explain zombie --step     # wait after each scene, to look from another terminal\n"
     "foster explain hangup --no-demo",
     Operands::topic, commands::explain},
    {"check", "[FILE]", "Check a config without touching anything",
     "foster check\nfoster check shop/foster.toml --json", Operands::file, commands::check},
    {"diff", "[FILE]", "Show what applying a changed config would do",
     "foster diff                      # services to be added, restarted, removed, and the keys why\n"
     "foster diff --exit-code supervisord.conf || foster up -d supervisord.conf",
     Operands::file, commands::diff},
    {"import", "[FILE]", "Write a supervisord.conf as a foster.toml",
     "foster import supervisord.conf > foster.toml && foster check", Operands::file, commands::import},
    {"info", "", "Show which foster is meant and where its things are", "foster info\nfoster info --json",
     Operands::none, commands::info},
    {"upgrade", "[PROGRAM]", "Have this build, or another, take over from the one that runs",
     "foster upgrade                   # services notice nothing; a build that cannot take over is refused\n"
     "foster upgrade ./build/release/foster",
     Operands::file, commands::upgrade},
    {"init", "[--config FILE | -- COMMAND [ARGUMENT…]]", "Be the first process of a container",
     "foster init -- ./server --port 80   # reaps orphans, forwards signals, exits as the command does\n"
     "foster init --config foster.toml",
     Operands::command, commands::init},
    {"supervisord", "[OPTION…]", "Run a supervisord.conf in the place of supervisord",
     "foster supervisord -n -c shop.conf   # in the foreground; supervisorctl and other clients find what they know\n"
     "ln -s foster /usr/local/bin/supervisord   # the same under its old name",
     Operands::none, commands::supervisord},
    {"supervisorctl", "[ACTION [ARGUMENT…]]", "Control a supervisord: all that its own client does",
     "foster supervisorctl status       # of the supervisord that /etc/supervisor/supervisord.conf names\n"
     "foster supervisorctl -c shop.conf restart web:*\n"
     "foster supervisorctl              # a shell, with completion and history\n"
     "ln -s foster /usr/local/bin/supervisorctl   # the same under its old name",
     Operands::supervisorctl, commands::supervisorctl},
    {"completion", "bash|zsh|fish", "Print a completion script for a shell",
     "foster completion fish > ~/.config/fish/completions/foster.fish\nsource <(foster completion bash)",
     Operands::shell, commands::completion},
    {"version", "", "Print the version", "foster version", Operands::none, commands::version},
    {"help", "[COMMAND]", "Explain a command", "foster help run", Operands::commands, commands::help},
};

}  // namespace

std::span<const Command> command_table() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string_view nearest_command(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) names.push_back(command.name);
  return config::nearest(name, names).value_or(std::string_view{});
}

}  // namespace foster::cli
