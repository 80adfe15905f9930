#include "compat/process_state.hpp"

namespace foster::compat {

std::string_view name_of(ProcessState state) {
  switch (state) {
    case ProcessState::stopped:
      return "STOPPED";
    case ProcessState::starting:
      return "STARTING";
    case ProcessState::running:
      return "RUNNING";
    case ProcessState::backoff:
      return "BACKOFF";
    case ProcessState::stopping:
      return "STOPPING";
    case ProcessState::exited:
      return "EXITED";
    case ProcessState::fatal:
      return "FATAL";
    case ProcessState::unknown:
      break;
  }
  return "UNKNOWN";
}

bool is_running(ProcessState state) {
  return state == ProcessState::starting || state == ProcessState::running || state == ProcessState::backoff;
}

bool is_signallable(ProcessState state) {
  return state == ProcessState::starting || state == ProcessState::running || state == ProcessState::stopping;
}

}  // namespace foster::compat
