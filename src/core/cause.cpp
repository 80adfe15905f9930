#include "core/cause.hpp"

namespace foster::core {
namespace {

std::string with_detail(std::string_view text, std::string_view separator, const std::string& detail) {
  std::string sentence(text);
  if (!detail.empty()) sentence.append(separator).append(detail);
  return sentence;
}

// A dependency's detail is "redis: starting" while waiting; whole clauses are told by their first words,
// which no service name can contain.
std::string dependency_sentence(const std::string& detail) {
  for (const std::string_view clause : {"needs ", "needed by ", "no longer waits "}) {
    if (detail.starts_with(clause)) return detail;
  }
  return with_detail("waiting for", " ", detail);
}

}  // namespace

std::string_view to_string(CauseKind kind) {
  switch (kind) {
    case CauseKind::none:
      return "none";
    case CauseKind::configured:
      return "configured";
    case CauseKind::requested:
      return "requested";
    case CauseKind::dependency:
      return "dependency";
    case CauseKind::spawned:
      return "spawned";
    case CauseKind::spawn_failed:
      return "spawn-failed";
    case CauseKind::became_ready:
      return "became-ready";
    case CauseKind::not_ready_in_time:
      return "not-ready-in-time";
    case CauseKind::ended:
      return "ended";
    case CauseKind::restart_due:
      return "restart-due";
    case CauseKind::limit_reached:
      return "limit-reached";
    case CauseKind::stop_timed_out:
      return "stop-timed-out";
    case CauseKind::watchdog:
      return "watchdog";
    case CauseKind::definition_changed:
      return "definition-changed";
    case CauseKind::removed:
      return "removed";
    case CauseKind::shutdown:
      return "shutdown";
    case CauseKind::essential_failed:
      return "essential-failed";
    case CauseKind::recovered:
      return "recovered";
  }
  return "";
}

std::string to_string(const Cause& cause) {
  switch (cause.kind) {
    case CauseKind::none:
      return cause.detail;
    case CauseKind::configured:
      return with_detail("started by the configuration", ": ", cause.detail);
    case CauseKind::requested:
      return with_detail("requested", " by ", cause.detail);
    case CauseKind::dependency:
      return dependency_sentence(cause.detail);
    case CauseKind::spawned:
      return with_detail("spawned", ": ", cause.detail);
    case CauseKind::spawn_failed:
      return with_detail("could not be started", ": ", cause.detail);
    case CauseKind::became_ready:
      return with_detail("ready", ": ", cause.detail);
    case CauseKind::not_ready_in_time:
      return with_detail("did not become ready", ": ", cause.detail);
    case CauseKind::ended:
      return cause.exit ? with_detail(foster::to_string(*cause.exit), ", ", cause.detail)
                        : with_detail("ended", ": ", cause.detail);
    case CauseKind::restart_due:
      return with_detail("restarted", " after: ", cause.detail);
    case CauseKind::limit_reached:
      return with_detail("gave up", ": ", cause.detail);
    case CauseKind::stop_timed_out:
      return with_detail("killed", ": ", cause.detail);
    case CauseKind::watchdog:
      return with_detail("watchdog", ": ", cause.detail);
    case CauseKind::definition_changed:
      return with_detail("definition changed", ": ", cause.detail);
    case CauseKind::removed:
      return with_detail("removed from the configuration", ": ", cause.detail);
    case CauseKind::shutdown:
      return with_detail("foster is going down", ": ", cause.detail);
    case CauseKind::essential_failed:
      return with_detail("an essential service is down", ": ", cause.detail);
    case CauseKind::recovered:
      return with_detail("adopted by a new supervisor", ": ", cause.detail);
  }
  return cause.detail;
}

}  // namespace foster::core
