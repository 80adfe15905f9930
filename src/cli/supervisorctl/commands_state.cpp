// Commands that tell what there is: status, pid, avail, version, open.
#include <algorithm>

#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/words.hpp"
#include "compat/process_name.hpp"
#include "config/utf8.hpp"

namespace foster::cli::supervisorctl {
namespace {

constexpr std::size_t kNarrowestName = 30;
constexpr std::int64_t kStoppedStates[] = {0, 100, 200, 1000};

std::string padded(std::string text, std::size_t width) {
  const std::size_t length = config::code_points(text);
  if (length < width) text.append(width - length, ' ');
  return text;
}

std::string name_in(const compat::Value& info) {
  return compat::full_name(text_member(info, "group"), text_member(info, "name"));
}

void show_states(Session& session, const std::vector<const compat::Value*>& infos) {
  std::size_t width = kNarrowestName;
  for (const compat::Value* info : infos) width = std::max(width, config::code_points(name_in(*info)));
  for (const compat::Value* info : infos) {
    session.say("{}{}{}", padded(name_in(*info), width + 3), padded(text_member(*info, "statename"), 10),
                text_member(*info, "description"));
  }
}

bool is_stopped(const compat::Value& info) {
  return std::ranges::find(kStoppedStates, number_member(info, "state")) != std::end(kStoppedStates);
}

bool is_meant_by(const compat::ProcessName& name, const compat::Value& info) {
  return text_member(info, "group") == name.group && (!name.process || text_member(info, "name") == *name.process);
}

std::vector<const compat::Value*> chosen_from(Session& session, const compat::Array& infos,
                                              const std::vector<std::string>& words) {
  std::vector<const compat::Value*> chosen;
  const auto choose = [&](const auto& is_chosen) {
    const auto before = chosen.size();
    for (const compat::Value& info : infos) {
      if (is_chosen(info)) chosen.push_back(&info);
    }
    return chosen.size() > before;
  };
  if (words.empty() || has(words, "all")) {
    (void)choose([](const compat::Value&) { return true; });
    return chosen;
  }
  for (const std::string& word : words) {
    const compat::ProcessName name = compat::process_name_from(word);
    if (choose([&](const compat::Value& info) { return is_meant_by(name, info); })) continue;
    name.process ? session.say("{}: ERROR (no such process)", word)
                 : session.say("{}: ERROR (no such group)", name.group);
    session.status = Status::unreachable;
  }
  return chosen;
}

}  // namespace

Answer<> status(Session& session, const std::string& arguments) {
  const auto up = session.is_up();
  if (!up) return std::unexpected(up.error());
  if (!*up) {
    session.status = Status::unreachable;
    return {};
  }
  const auto infos = session.remote.call("getAllProcessInfo");
  if (!infos) return std::unexpected(infos.error());
  const auto chosen = chosen_from(session, elements_of(*infos), words_of(arguments));
  show_states(session, chosen);
  if (std::ranges::any_of(chosen, [](const compat::Value* info) { return is_stopped(*info); })) {
    session.status = kShownNotRunning;
  }
  return {};
}

Answer<> pid(Session& session, const std::string& arguments) {
  const auto up = session.is_up();
  if (!up || !*up) return up ? Answer<>{} : std::unexpected(up.error());
  const auto words = words_of(arguments);
  if (words.empty()) {
    const auto number = session.remote.call("getPID");
    if (!number) return std::unexpected(number.error());
    session.say(text_of(*number));
    return {};
  }
  if (has(words, "all")) {
    const auto infos = session.remote.call("getAllProcessInfo");
    if (!infos) return std::unexpected(infos.error());
    for (const compat::Value& info : elements_of(*infos)) session.say("{}", number_member(info, "pid"));
    return {};
  }
  for (const std::string& word : words) {
    const auto info = session.remote.call("getProcessInfo", {word});
    if (info) {
      const auto number = number_member(*info, "pid");
      session.say("{}", number);
      if (number == 0) session.status = Status::not_running;
    } else if (info.error().is(compat::FaultCode::bad_name)) {
      session.status = Status::generic;
      session.say("No such process {}", word);
    } else {
      return std::unexpected(info.error());
    }
  }
  return {};
}

Answer<> avail(Session& session, const std::string& arguments) {
  if (!has_no_arguments(session, "avail", arguments)) return {};
  const auto configs = session.remote.call("getAllConfigInfo");
  if (!configs) {
    if (!configs.error().is(compat::FaultCode::shutdown_state)) return std::unexpected(configs.error());
    session.status = Status::generic;
    session.say("ERROR: supervisor shutting down");
    return {};
  }
  for (const compat::Value& one : elements_of(*configs)) {
    session.say("{} {:<9} {:<9} {}:{}", padded(name_in(one), 32), number_member(one, "inuse") != 0 ? "in use" : "avail",
                number_member(one, "autostart") != 0 ? "auto" : "manual", number_member(one, "group_prio"),
                number_member(one, "process_prio"));
  }
  return {};
}

Answer<> version(Session& session, const std::string& arguments) {
  if (!has_no_arguments(session, "version", arguments)) return {};
  const auto up = session.is_up();
  if (!up || !*up) return up ? Answer<>{} : std::unexpected(up.error());
  const auto text = session.remote.call("getSupervisorVersion");
  if (!text) return std::unexpected(text.error());
  session.say(text_of(*text));
  return {};
}

Answer<> open_url(Session& session, const std::string& arguments) {
  if (!arguments.starts_with("unix:") && !arguments.starts_with("http:")) {
    session.say("ERROR: url must be http:// or unix://");
    session.status = Status::generic;
    return {};
  }
  session.remote.url = arguments;
  const Status before = session.status;
  auto shown = status(session, {});
  if (shown) session.status = before;
  return shown;
}

}  // namespace foster::cli::supervisorctl
