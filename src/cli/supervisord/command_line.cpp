#include "cli/supervisord/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/classic_options.hpp"
#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisord {
namespace {

using supervisorctl::in_quotes;
using Takes = ClassicOption::Takes;

constexpr ClassicOption kOptions[] = {
    {'h', "help", Takes::nothing},
    {'?', "", Takes::nothing},
    {'v', "version", Takes::nothing},
    {'c', "configuration", Takes::value},
    {'n', "nodaemon", Takes::nothing},
    {'s', "silent", Takes::nothing},
    {'u', "user", Takes::value},
    {'m', "umask", Takes::value},
    {'d', "directory", Takes::value},
    {'l', "logfile", Takes::value},
    {'y', "logfile_maxbytes", Takes::value},
    {'z', "logfile_backups", Takes::value},
    {'e', "loglevel", Takes::value},
    {'j', "pidfile", Takes::value},
    {'i', "identifier", Takes::value},
    {'q', "childlogdir", Takes::value},
    {'k', "nocleanup", Takes::nothing},
    {'a', "minfds", Takes::value},
    {'t', "strip_ansi", Takes::nothing},
    {0, "minprocs", Takes::value},
    {0, "profile_options", Takes::value},
};

using Problem = std::unexpected<std::string>;

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + in_quotes(word);
  return text;
}

}  // namespace

std::expected<CommandLine, std::string> parse_command_line(std::span<const char* const> arguments) {
  auto options = parse_classic_options(kOptions, arguments);
  if (!options) return Problem(options.error());
  if (!options->words.empty()) {
    return Problem(fmt::format("positional arguments are not supported: [{}]", list_of(options->words)));
  }
  CommandLine line;
  for (ClassicOptions::Given& given : options->given) {
    const ClassicOption& option = kOptions[given.option];
    if (option.letter == 'h' || option.letter == '?') return CommandLine{.wants_help = true};
    if (option.letter == 'v') return CommandLine{.wants_version = true};
    const bool is_file = option.letter == 'c';
    const bool is_known = is_file ? line.config_file.has_value() : line.overrides.contains(option.name);
    if (is_known) return Problem(fmt::format("conflicting command line option {}", in_quotes(given.name)));
    if (is_file) {
      line.config_file = std::move(given.value);
    } else {
      const bool is_flag = option.takes == Takes::nothing;
      line.overrides.emplace(option.name, is_flag ? "true" : std::move(given.value));
    }
  }
  return line;
}

std::string usage_text(std::string_view program) {
  return fmt::format(R"(supervisord -- run programs, and run them again when they end.

Usage: {} [options]

Options:
-c/--configuration FILENAME -- the configuration file (searched for otherwise)
-n/--nodaemon -- stay in the foreground (as 'nodaemon=true' in the file)
-s/--silent -- no log on standard output (as 'silent=true' in the file)
-h/--help -- print this text and exit
-v/--version -- print the version of supervisord that this behaves like, and exit
-u/--user USER -- become this user (name or number)
-m/--umask UMASK -- umask of a daemon (default is 022)
-d/--directory DIRECTORY -- where a daemon runs
-l/--logfile FILENAME -- write the log there
-y/--logfile_maxbytes BYTES -- begin a new log file when it is this large
-z/--logfile_backups NUM -- how many older log files are kept
-e/--loglevel LEVEL -- how much is logged (debug,info,warn,error,critical)
-j/--pidfile FILENAME -- write the pid there
-i/--identifier STR -- what it is called
-q/--childlogdir DIRECTORY -- where the logs of programs are that name no file
-k/--nocleanup -- leave such logs of earlier runs alone
-a/--minfds NUM -- least limit of open files
-t/--strip_ansi -- take terminal colours out of the logs of programs
--minprocs NUM -- least limit of processes
--profile_options OPTIONS -- accepted, without effect

)",
                     program);
}

}  // namespace foster::cli::supervisord
