// Commands about the configuration and the supervisord itself: reread, add, remove, update, reload, shutdown.
#include <algorithm>
#include <cerrno>
#include <map>

#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

using enum compat::FaultCode;

struct Changes {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
};

std::vector<std::string> texts_of(const compat::Array& elements, std::size_t index) {
  std::vector<std::string> texts;
  if (index >= elements.size()) return texts;
  for (const compat::Value& one : elements_of(elements[index])) texts.push_back(text_of(one));
  return texts;
}

Answer<Changes> reload_config(Session& session) {
  const auto answer = session.remote.call("reloadConfig");
  if (!answer) return std::unexpected(answer.error());
  const compat::Array& lists = elements_of(*answer);  // a list in a list
  if (lists.empty()) return Changes{};
  const compat::Array& groups = elements_of(lists.front());
  return Changes{.added = texts_of(groups, 0), .changed = texts_of(groups, 1), .removed = texts_of(groups, 2)};
}

// What `update` may touch.
struct Chosen {
  std::vector<std::string> names;
  [[nodiscard]] bool includes(const std::string& group) const { return names.empty() || has(names, group); }
};

Answer<> complain_about_unknown(Session& session, const Chosen& chosen, const Changes& changes) {
  if (chosen.names.empty()) return {};
  const auto infos = session.remote.call("getAllProcessInfo");
  if (!infos) return std::unexpected(infos.error());
  for (const std::string& name : chosen.names) {
    const bool is_there = std::ranges::any_of(
        elements_of(*infos), [&](const compat::Value& info) { return text_member(info, "group") == name; });
    if (is_there || has(changes.added, name)) continue;
    session.say("ERROR: no such group: {}", name);
    session.status = Status::generic;
  }
  return {};
}

// Asks for these, one after the other.
Answer<> ask_in_turn(Session& session, std::initializer_list<std::string_view> methods, const std::string& group) {
  for (const std::string_view method : methods) {
    const auto answer = session.remote.call(method, {group});
    if (!answer) return std::unexpected(answer.error());
  }
  return {};
}

Answer<> update_removed(Session& session, const std::string& group) {
  const auto results = session.remote.call("stopProcessGroup", {group});
  if (!results) return std::unexpected(results.error());
  session.say("{}: stopped", group);
  const bool has_failed = std::ranges::any_of(elements_of(*results), [](const compat::Value& one) {
    return number_member(one, "status") == static_cast<std::int64_t>(failed);
  });
  if (has_failed) {
    session.say("{}: has problems; not removing", group);
    session.status = Status::generic;
    return {};
  }
  auto removed = ask_in_turn(session, {"removeProcessGroup"}, group);
  if (removed) session.say("{}: removed process group", group);
  return removed;
}

Answer<> update_changed(Session& session, const std::string& group) {
  if (auto stopped = ask_in_turn(session, {"stopProcessGroup"}, group); !stopped) return stopped;
  session.say("{}: stopped", group);
  auto replaced = ask_in_turn(session, {"removeProcessGroup", "addProcessGroup"}, group);
  if (replaced) session.say("{}: updated process group", group);
  return replaced;
}

Answer<> update_added(Session& session, const std::string& group) {
  auto added = ask_in_turn(session, {"addProcessGroup"}, group);
  if (added) session.say("{}: added process group", group);
  return added;
}

Answer<> for_chosen(Session& session, const Chosen& chosen, const std::vector<std::string>& groups,
                    Answer<> (*deed)(Session&, const std::string&)) {
  for (const std::string& group : groups) {
    if (!chosen.includes(group)) continue;
    if (auto done = deed(session, group); !done) return done;
  }
  return {};
}

}  // namespace

Answer<> reread(Session& session, const std::string& arguments) {
  if (!has_no_arguments(session, "reread", arguments)) return {};
  const auto changes = reload_config(session);
  if (!changes) {
    const Trouble& trouble = changes.error();
    session.status = Status::generic;
    if (trouble.is(shutdown_state)) {
      session.say("ERROR: supervisor shutting down");
    } else if (trouble.is(cant_reread)) {
      session.say("ERROR: {}", trouble.text);
    } else {
      return std::unexpected(trouble);
    }
    return {};
  }
  std::map<std::string, std::string_view> words;
  for (const auto& name : changes->added) words[name] = "available";
  for (const auto& name : changes->changed) words[name] = "changed";
  for (const auto& name : changes->removed) words[name] = "disappeared";
  for (const auto& [name, word] : words) session.say("{}: {}", name, word);
  if (words.empty()) session.say("No config updates to processes");
  return {};
}

Answer<> add(Session& session, const std::string& arguments) {
  for (const std::string& name : words_of(arguments)) {
    const auto answer = session.remote.call("addProcessGroup", {name});
    if (answer) {
      session.say("{}: added process group", name);
    } else if (answer.error().is(already_added)) {
      session.say("ERROR: process group already active");
    } else if (answer.error().is(shutdown_state)) {
      session.say("ERROR: shutting down");
      session.status = Status::generic;
    } else if (answer.error().is(bad_name)) {
      session.say("ERROR: no such process/group: {}", name);
      session.status = Status::generic;
    } else {
      return std::unexpected(answer.error());
    }
  }
  return {};
}

Answer<> remove_groups(Session& session, const std::string& arguments) {
  for (const std::string& name : words_of(arguments)) {
    const auto answer = session.remote.call("removeProcessGroup", {name});
    if (answer) {
      session.say("{}: removed process group", name);
      continue;
    }
    session.status = Status::generic;
    if (answer.error().is(still_running)) {
      session.say("ERROR: process/group still running: {}", name);
    } else if (answer.error().is(bad_name)) {
      session.say("ERROR: no such process/group: {}", name);
    } else {
      return std::unexpected(answer.error());
    }
  }
  return {};
}

Answer<> update(Session& session, const std::string& arguments) {
  const auto changes = reload_config(session);
  if (!changes) {
    if (!changes.error().is(shutdown_state)) return std::unexpected(changes.error());
    session.status = Status::generic;
    session.say("ERROR: already shutting down");
    return {};
  }
  Chosen chosen{.names = words_of(arguments)};
  if (has(chosen.names, "all")) chosen.names.clear();
  auto done = complain_about_unknown(session, chosen, *changes);
  if (done) done = for_chosen(session, chosen, changes->removed, update_removed);
  if (done) done = for_chosen(session, chosen, changes->changed, update_changed);
  if (done) done = for_chosen(session, chosen, changes->added, update_added);
  return done;
}

Answer<> reload(Session& session, const std::string& arguments) {
  if (!has_no_arguments(session, "reload", arguments)) return {};
  const auto meant = session.is_meant("Really restart the remote supervisord process y/N? ");
  if (!meant || !*meant) return meant ? Answer<>{} : std::unexpected(meant.error());
  const auto answer = session.remote.call("restart");
  if (answer) {
    session.say("Restarted supervisord");
    return {};
  }
  if (!answer.error().is(shutdown_state)) return std::unexpected(answer.error());
  session.status = Status::generic;
  session.say("ERROR: already shutting down");
  return {};
}

Answer<> shutdown(Session& session, const std::string& arguments) {
  if (!has_no_arguments(session, "shutdown", arguments)) return {};
  const auto meant = session.is_meant("Really shut the remote supervisord process down y/N? ");
  if (!meant || !*meant) return meant ? Answer<>{} : std::unexpected(meant.error());
  const auto answer = session.remote.call("shutdown");
  if (answer) {
    session.say("Shut down");
    return {};
  }
  const Trouble& trouble = answer.error();
  if (trouble.is(shutdown_state)) {
    session.say("ERROR: already shutting down");
    return {};
  }
  if (trouble.is_errno(ECONNREFUSED)) {
    session.say("ERROR: {} refused connection (already shut down?)", session.remote.url);
  } else if (trouble.is_errno(ENOENT)) {
    session.say("ERROR: {} no such file (already shut down?)", session.remote.url);
  } else {
    return std::unexpected(trouble);
  }
  session.status = Status::generic;
  return {};
}

}  // namespace foster::cli::supervisorctl
