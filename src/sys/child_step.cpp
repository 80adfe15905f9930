#include "sys/child_step.hpp"

namespace foster::sys {

const char* name(ChildStep step) noexcept {
  switch (step) {
    case ChildStep::none:
      return "none";
    case ChildStep::claim:
      return "claim";
    case ChildStep::signals:
      return "signals";
    case ChildStep::session:
      return "session";
    case ChildStep::cgroup:
      return "cgroup";
    case ChildStep::nice:
      return "nice";
    case ChildStep::umask:
      return "umask";
    case ChildStep::descriptor:
      return "descriptor";
    case ChildStep::close_others:
      return "close others";
    case ChildStep::limit:
      return "limit";
    case ChildStep::groups:
      return "setgroups";
    case ChildStep::setgid:
      return "setgid";
    case ChildStep::setuid:
      return "setuid";
    case ChildStep::parent_death:
      return "parent death signal";
    case ChildStep::no_new_privileges:
      return "no new privileges";
    case ChildStep::chdir:
      return "chdir";
    case ChildStep::exec:
      return "exec";
  }
  return "unknown step";
}

}  // namespace foster::sys
