#include "cli/supervisorctl/main.hpp"

#include <unistd.h>

#include "cli/supervisorctl/command_line.hpp"
#include "cli/supervisorctl/interpreter.hpp"
#include "cli/supervisorctl/settings.hpp"
#include "cli/supervisord_file.hpp"

namespace foster::cli::supervisorctl {
namespace {

constexpr int kUsage = 2;

int complain(Output& err, const std::string& called, const std::string& what) {
  err.print("Error: {}\nFor help, use {} -h\n", what, called);
  return kUsage;
}

std::optional<Credentials> credentials_in(const Settings& settings) {
  if (!settings.username || !settings.password) return std::nullopt;
  return Credentials{.username = *settings.username, .password = *settings.password};
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace

int run(const std::string& called, std::span<const char* const> arguments, Output& out, Output& err) {
  const auto line = parse_command_line(arguments);
  if (!line) return complain(err, called, line.error());
  if (line->wants_help) {
    out.write(usage_text(called));
    return 0;
  }
  const auto settings = read_settings(*line, executed_path());
  if (!settings) return complain(err, called, settings.error());
  for (const std::string& section : settings->ignored) {
    err.print("foster: [{}] is for the supervisorctl that is written in Python, and is ignored\n", section);
  }
  err.flush();

  Input input(BorrowedFd(STDIN_FILENO), out);
  const bool has_command = !line->words.empty();
  Session session{.remote = {.url = settings->url, .credentials = credentials_in(*settings)},
                  .out = out,
                  .err = err,
                  .input = input,
                  .manner = line->is_interactive || !has_command ? Manner::interactive : Manner::one_command};
  if (has_command) {
    (void)interpret(session, joined(line->words));  // an interrupt ends the program where nothing catches it
    return static_cast<int>(session.status);
  }
  run_shell(session, settings->prompt + "> ", settings->history_file);
  return 0;
}

}  // namespace foster::cli::supervisorctl
