#include "cli/completion.hpp"

#include <fmt/format.h>

#include <vector>

#include "cli/command_table.hpp"
#include "cli/explain/topics.hpp"
#include "cli/supervisorctl/commands.hpp"

namespace foster::cli {
namespace {

std::string names_of_commands() {
  std::string names;
  for (const Command& command : command_table()) names += (names.empty() ? "" : " ") + std::string(command.name);
  return names;
}

std::string names_of_topics() {
  std::string names;
  for (const Topic& topic : topics()) names += (names.empty() ? "" : " ") + std::string(topic.name);
  return names;
}

std::string names_of_actions() {
  std::string names;
  for (const supervisorctl::Action& action : supervisorctl::action_table()) {
    names += (names.empty() ? "" : " ") + std::string(action.name);
  }
  return names;
}

// "start|stop|restart"
std::string commands_with(Operands operands) {
  std::string names;
  for (const Command& command : command_table()) {
    if (command.operands == operands) names += (names.empty() ? "" : "|") + std::string(command.name);
  }
  return names;
}

std::string bash_script() {
  return fmt::format(
      R"script(# bash completion for foster
_foster() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} command= candidates= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      --name|--color) ((i++)) ;;
      -*) ;;
      *) command=${{COMP_WORDS[i]}}; break ;;
    esac
  done
  if [[ -z $command ]]; then
    candidates="{} --name --color --help --version"
  elif [[ $word == -* ]]; then
    candidates=$(foster completion options "$command" 2>/dev/null)
  else
    case $command in
      {}) candidates=$(foster completion names 2>/dev/null) ;;
      {}) if ((COMP_CWORD == i + 1)); then candidates="HUP INT QUIT USR1 USR2 TERM KILL CONT STOP"
          else candidates=$(foster completion names 2>/dev/null); fi ;;
      {}) COMPREPLY=($(compgen -f -- "$word")); return ;;
      {}) COMPREPLY=($(compgen -c -f -- "$word")); return ;;
      {}) candidates="bash zsh fish" ;;
      {}) candidates="{}" ;;
      {}) candidates="$(foster completion names 2>/dev/null) $(cd /proc && printf '%s ' [0-9]*)" ;;
      {}) candidates="{}" ;;
      {}) candidates="{}" ;;
    esac
  fi
  # A colon is part of a name (web:0), but readline begins a new word at it.
  local IFS=$' \t\n'
  COMPREPLY=($(compgen -W "$candidates" -- "$word"))
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$word"; fi
}}
complete -F _foster foster
)script",
      names_of_commands(), commands_with(Operands::services), commands_with(Operands::signal_and_services),
      commands_with(Operands::file), commands_with(Operands::command), commands_with(Operands::shell),
      commands_with(Operands::commands), names_of_commands(), commands_with(Operands::processes),
      commands_with(Operands::topic), names_of_topics(), commands_with(Operands::supervisorctl), names_of_actions());
}

std::string zsh_script() {
  std::string described;
  for (const Command& command : command_table()) {
    described += fmt::format("    '{}:{}'\n", command.name, command.summary);
  }
  return fmt::format(R"script(#compdef foster
_foster() {{
  local -a commands candidates
  commands=(
{}  )
  local command=${{words[2]}}
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  if [[ ${{words[CURRENT]}} == -* ]]; then
    candidates=(${{(f)"$(foster completion options "$command" 2>/dev/null)"}})
    compadd -a candidates
    return
  fi
  case $command in
    {}) candidates=(${{(f)"$(foster completion names 2>/dev/null)"}}); compadd -a candidates ;;
    {}) if ((CURRENT == 3)); then compadd HUP INT QUIT USR1 USR2 TERM KILL CONT STOP
        else candidates=(${{(f)"$(foster completion names 2>/dev/null)"}}); compadd -a candidates; fi ;;
    {}) _files ;;
    {}) _command_names; _files ;;
    {}) compadd bash zsh fish ;;
    {}) _describe command commands ;;
    {}) candidates=(${{(f)"$(foster completion names 2>/dev/null)"}}); compadd -a candidates; _pids ;;
    {}) compadd {} ;;
    {}) compadd {} ;;
  esac
}}
if [[ $funcstack[1] == _foster ]]; then _foster "$@"; else compdef _foster foster; fi
)script",
                     described, commands_with(Operands::services), commands_with(Operands::signal_and_services),
                     commands_with(Operands::file), commands_with(Operands::command), commands_with(Operands::shell),
                     commands_with(Operands::commands), commands_with(Operands::processes),
                     commands_with(Operands::topic), names_of_topics(), commands_with(Operands::supervisorctl),
                     names_of_actions());
}

std::string fish_names(std::string_view commands) {
  std::string names;
  for (const char c : commands) names += c == '|' ? ' ' : c;
  return names;
}

std::string fish_script() {
  std::string text = "# fish completion for foster\ncomplete -c foster -f\n";
  for (const Command& command : command_table()) {
    text += fmt::format("complete -c foster -n __fish_use_subcommand -a {} -d '{}'\n", command.name, command.summary);
  }
  for (const Command& command : command_table()) {
    text += fmt::format(
        "complete -c foster -n '__fish_seen_subcommand_from {0}; and string match -q -- \"-*\" (commandline -ct)' "
        "-a '(foster completion options {0} 2>/dev/null)'\n",
        command.name);
  }
  const auto rule = [&](Operands operands, std::string_view what) {
    text += fmt::format("complete -c foster -n '__fish_seen_subcommand_from {}' {}\n",
                        fish_names(commands_with(operands)), what);
  };
  rule(Operands::services, "-a '(foster completion names 2>/dev/null)'");
  rule(Operands::signal_and_services, "-a 'HUP INT QUIT USR1 USR2 TERM KILL (foster completion names 2>/dev/null)'");
  rule(Operands::file, "-F");
  rule(Operands::command, "-a '(__fish_complete_command)' -F");
  rule(Operands::shell, "-a 'bash zsh fish'");
  rule(Operands::processes, "-a '(foster completion names 2>/dev/null) (__fish_complete_pids)'");
  rule(Operands::topic, "-a '" + names_of_topics() + "'");
  rule(Operands::supervisorctl, "-a '" + names_of_actions() + "'");
  rule(Operands::commands, "-a '" + names_of_commands() + "'");
  return text;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return std::nullopt;
}

}  // namespace foster::cli
