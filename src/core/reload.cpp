#include "core/reload.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace foster::core {
namespace {

struct Key {
  std::string_view name;
  bool (*differs)(const Service&, const Service&);
};

bool differs_in_size(const LogPolicy& a, const LogPolicy& b) {
  return a.max_size != b.max_size || a.keep != b.keep;
}

// Only the next run can honour these.
constexpr std::array kKeysOfARun{
    Key{"command", [](const Service& a, const Service& b) { return a.argv != b.argv || a.shell != b.shell; }},
    Key{"type", [](const Service& a, const Service& b) { return a.type != b.type; }},
    Key{"directory", [](const Service& a, const Service& b) { return a.directory != b.directory; }},
    Key{"environment",
        [](const Service& a, const Service& b) {
          return a.environment != b.environment || a.clear_environment != b.clear_environment;
        }},
    Key{"user", [](const Service& a, const Service& b) { return a.user != b.user; }},
    Key{"group", [](const Service& a, const Service& b) { return a.group != b.group; }},
    Key{"umask", [](const Service& a, const Service& b) { return a.umask != b.umask; }},
    Key{"stdin",
        [](const Service& a, const Service& b) {
          return a.stdin_path != b.stdin_path || a.stdin_pipe != b.stdin_pipe || a.stdin_socket != b.stdin_socket;
        }},
    Key{"pidfile", [](const Service& a, const Service& b) { return a.pidfile != b.pidfile; }},
    Key{"log", [](const Service& a, const Service& b) { return differs_in_way(a.log, b.log); }},
    Key{"stderr-log",
        [](const Service& a, const Service& b) {
          if (!a.stderr_log || !b.stderr_log) return a.stderr_log.has_value() != b.stderr_log.has_value();
          return differs_in_way(*a.stderr_log, *b.stderr_log);
        }},
    Key{"ready", [](const Service& a, const Service& b) { return a.ready.how != b.ready.how; }},
};

// Taken over while it runs.
constexpr std::array kLiveKeys{
    Key{"workers", [](const Service& a, const Service& b) { return a.workers != b.workers; }},
    Key{"autostart", [](const Service& a, const Service& b) { return a.autostart != b.autostart; }},
    Key{"essential", [](const Service& a, const Service& b) { return a.essential != b.essential; }},
    Key{"needs", [](const Service& a, const Service& b) { return a.needs != b.needs; }},
    Key{"after", [](const Service& a, const Service& b) { return a.after != b.after; }},
    Key{"restart", [](const Service& a, const Service& b) { return a.restart != b.restart; }},
    Key{"backoff", [](const Service& a, const Service& b) { return a.backoff != b.backoff; }},
    Key{"limit", [](const Service& a, const Service& b) { return a.limit != b.limit; }},
    Key{"start-retries", [](const Service& a, const Service& b) { return a.start_retries != b.start_retries; }},
    Key{"success-exit-codes",
        [](const Service& a, const Service& b) { return a.success_exit_codes != b.success_exit_codes; }},
    Key{"stop", [](const Service& a, const Service& b) { return a.stop != b.stop; }},
    Key{"ready timing",
        [](const Service& a, const Service& b) {
          return a.ready.timeout != b.ready.timeout || a.ready.interval != b.ready.interval;
        }},
    Key{"start-seconds", [](const Service& a, const Service& b) { return a.start_seconds != b.start_seconds; }},
    Key{"log size",
        [](const Service& a, const Service& b) {
          return differs_in_size(a.log, b.log) ||
                 (a.stderr_log && b.stderr_log && differs_in_size(*a.stderr_log, *b.stderr_log));
        }},
    Key{"log when full",
        [](const Service& a, const Service& b) {
          return a.log.when_full != b.log.when_full ||
                 (a.stderr_log && b.stderr_log && a.stderr_log->when_full != b.stderr_log->when_full);
        }},
};

void name_changed(std::span<const Key> keys, const Service& old, const Service& wanted, std::string& names) {
  for (const Key& key : keys) {
    if (!key.differs(old, wanted)) continue;
    names.append(names.empty() ? "" : ", ").append(key.name);
  }
}

}  // namespace

ServiceChange compare(const Service& old, const Service& wanted) {
  std::string names;
  name_changed(kKeysOfARun, old, wanted, names);
  const bool needs_restart = !names.empty();
  name_changed(kLiveKeys, old, wanted, names);
  if (names.empty()) return {ServiceChange::Kind::unchanged, wanted.name, ""};
  return {needs_restart ? ServiceChange::Kind::restart : ServiceChange::Kind::update, wanted.name, names + " changed"};
}

std::vector<ServiceChange> plan_reload(const Model& old, const Model& wanted) {
  std::unordered_map<std::string_view, const Service*> before;
  before.reserve(old.services.size());
  for (const Service& service : old.services) before.emplace(service.name, &service);
  std::vector<ServiceChange> changes;
  changes.reserve(wanted.services.size());
  for (const Service& service : wanted.services) {
    const auto found = before.find(service.name);
    if (found == before.end()) {
      changes.push_back({ServiceChange::Kind::add, service.name, "new"});
      continue;
    }
    changes.push_back(compare(*found->second, service));
    before.erase(found);
  }
  for (const Service& service : old.services) {
    if (!before.contains(service.name)) continue;
    changes.push_back({ServiceChange::Kind::remove, service.name, "no longer in the configuration"});
  }
  return changes;
}

std::string_view to_string(ServiceChange::Kind kind) {
  switch (kind) {
    case ServiceChange::Kind::add:
      return "add";
    case ServiceChange::Kind::remove:
      return "remove";
    case ServiceChange::Kind::restart:
      return "restart";
    case ServiceChange::Kind::update:
      return "update";
    case ServiceChange::Kind::unchanged:
      return "unchanged";
  }
  return "";
}

}  // namespace foster::core
