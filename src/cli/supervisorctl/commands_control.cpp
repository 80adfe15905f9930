// Commands that do something to processes: start, stop, restart, signal, clear.
#include <algorithm>

#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/words.hpp"
#include "compat/process_name.hpp"

namespace foster::cli::supervisorctl {
namespace {

using enum compat::FaultCode;

struct Word {
  compat::FaultCode code;
  std::string_view text;  ///< Empty: what the server says, alone.
};

// One of these commands: whom it asks for what, and how it tells what has come of it.
struct Deed {
  std::string_view done;
  std::span<const Word> errors;
  std::optional<compat::FaultCode> harmless = {};  ///< An error that leaves the exit status alone.
  std::string_view ask_all;
  std::string_view ask_group = {};  ///< Empty: a group is asked for as a process is.
  std::string_view ask_one;
  Status unknown_group = Status::generic;
  std::optional<std::string> signal = {};

  [[nodiscard]] compat::Array parameters(std::optional<std::string> name) const {
    compat::Array all;
    if (name) all.emplace_back(std::move(*name));
    if (signal) all.emplace_back(*signal);
    return all;
  }
};

constexpr Word kStartErrors[] = {
    {bad_name, "no such process"},        {no_file, "no such file"},    {not_executable, "file is not executable"},
    {already_started, "already started"}, {spawn_error, "spawn error"}, {abnormal_termination, "abnormal termination"},
};
constexpr Word kSignalErrors[] = {
    {bad_name, "no such process"},
    {bad_signal, "bad signal name"},
    {not_running, "not running"},
    {failed, ""},
};
constexpr Word kClearErrors[] = {{bad_name, "no such process"}, {failed, "failed"}};

void set_status(Session& session, const Deed& deed, std::int64_t code) {
  const auto is = [code](compat::FaultCode fault) { return code == static_cast<std::int64_t>(fault); };
  if (is(success) || (deed.harmless && is(*deed.harmless))) return;
  const bool is_dead = is(spawn_error) || is(abnormal_termination) || is(not_running);
  session.status = is_dead ? Status::not_running : Status::generic;
}

// Of one process.
Answer<> tell(Session& session, const Deed& deed, const std::string& name, std::int64_t code,
              const std::string& description) {
  if (code == static_cast<std::int64_t>(success)) {
    session.say("{}: {}", name, deed.done);
    return {};
  }
  const auto found =
      std::ranges::find(deed.errors, code, [](const Word& word) { return static_cast<std::int64_t>(word.code); });
  if (found == deed.errors.end()) {
    return std::unexpected(
        Trouble{.kind = Trouble::Kind::value, .text = fmt::format("Unknown result code {} for {}", code, name)});
  }
  found->text.empty() ? session.say(description) : session.say("{}: ERROR ({})", name, found->text);
  set_status(session, deed, code);
  return {};
}

Answer<> tell_all(Session& session, const Deed& deed, const compat::Value& results) {
  for (const compat::Value& one : elements_of(results)) {
    const std::string name = compat::full_name(text_member(one, "group"), text_member(one, "name"));
    auto told = tell(session, deed, name, number_member(one, "status"), text_member(one, "description"));
    if (!told) return told;
  }
  return {};
}

Answer<> do_to_group(Session& session, const Deed& deed, const std::string& group) {
  const auto results = session.remote.call(deed.ask_group, deed.parameters(group));
  if (results) return tell_all(session, deed, *results);
  if (!results.error().is(bad_name)) return std::unexpected(results.error());
  session.say("{}: ERROR (no such group)", group);
  session.status = deed.unknown_group;
  return {};
}

Answer<> do_to_one(Session& session, const Deed& deed, const std::string& word, const compat::ProcessName& name) {
  const auto result = session.remote.call(deed.ask_one, deed.parameters(word));
  // What Python prints in the place of a name that is missing.
  const std::string shown = compat::full_name(name.group, name.process.value_or("None"));
  if (result) return tell(session, deed, shown, static_cast<std::int64_t>(success), {});
  if (result.error().kind != Trouble::Kind::fault) return std::unexpected(result.error());
  return tell(session, deed, shown, result.error().code, result.error().text);
}

Answer<> do_to(Session& session, const Deed& deed, const std::vector<std::string>& names) {
  if (has(names, "all")) {
    const auto results = session.remote.call(deed.ask_all, deed.parameters(std::nullopt));
    return results ? tell_all(session, deed, *results) : std::unexpected(results.error());
  }
  for (const std::string& word : names) {
    const compat::ProcessName name = compat::process_name_from(word);
    const bool is_group = !name.process && !deed.ask_group.empty();
    auto done = is_group ? do_to_group(session, deed, name.group) : do_to_one(session, deed, word, name);
    if (!done) return done;
  }
  return {};
}

// The names of a command that cannot do without.
Answer<std::vector<std::string>> names_for(Session& session, std::string_view action, const std::string& arguments,
                                           Status if_none = Status::generic) {
  const auto up = session.is_up();
  if (!up) return std::unexpected(up.error());
  if (!*up) return {};
  auto names = words_of(arguments);
  if (names.empty()) {
    session.say("Error: {} requires a process name", action);
    session.status = if_none;
    say_help(session, action);
  }
  return names;
}

}  // namespace

Answer<> start(Session& session, const std::string& arguments) {
  const auto names = names_for(session, "start", arguments, Status::invalid_arguments);
  if (!names) return std::unexpected(names.error());
  return do_to(session,
               {.done = "started",
                .errors = kStartErrors,
                .harmless = already_started,
                .ask_all = "startAllProcesses",
                .ask_group = "startProcessGroup",
                .ask_one = "startProcess",
                .unknown_group = Status::invalid_arguments},
               *names);
}

Answer<> stop(Session& session, const std::string& arguments) {
  const auto names = names_for(session, "stop", arguments);
  if (!names) return std::unexpected(names.error());
  return do_to(session,
               {.done = "stopped",
                .errors = kSignalErrors,
                .harmless = not_running,
                .ask_all = "stopAllProcesses",
                .ask_group = "stopProcessGroup",
                .ask_one = "stopProcess"},
               *names);
}

Answer<> restart(Session& session, const std::string& arguments) {
  const auto names = names_for(session, "restart", arguments);
  if (!names || names->empty()) return names ? Answer<>{} : std::unexpected(names.error());
  auto stopped = stop(session, arguments);
  return stopped ? start(session, arguments) : stopped;
}

Answer<> signal(Session& session, const std::string& arguments) {
  const auto up = session.is_up();
  if (!up || !*up) return up ? Answer<>{} : std::unexpected(up.error());
  auto names = words_of(arguments);
  if (names.size() < 2) {
    session.say("Error: signal requires a signal name and a process name");
    say_help(session, "signal");
    session.status = Status::generic;
    return {};
  }
  const std::string number = names.front();
  names.erase(names.begin());
  return do_to(session,
               {.done = "signalled",
                .errors = kSignalErrors,
                .ask_all = "signalAllProcesses",
                .ask_group = "signalProcessGroup",
                .ask_one = "signalProcess",
                .signal = number},
               names);
}

Answer<> clear(Session& session, const std::string& arguments) {
  const auto names = names_for(session, "clear", arguments);
  if (!names) return std::unexpected(names.error());
  return do_to(
      session,
      {.done = "cleared", .errors = kClearErrors, .ask_all = "clearAllProcessLogs", .ask_one = "clearProcessLogs"},
      *names);
}

}  // namespace foster::cli::supervisorctl
