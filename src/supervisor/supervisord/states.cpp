#include "supervisor/supervisord/states.hpp"

namespace foster::supervisor::supervisord {

compat::ProcessState state_of(core::State state) {
  using compat::ProcessState;
  switch (state) {
    case core::State::stopped:
      return ProcessState::stopped;
    case core::State::waiting:
    case core::State::starting:
      return ProcessState::starting;
    case core::State::running:
      return ProcessState::running;
    case core::State::stopping:
      return ProcessState::stopping;
    case core::State::backoff:
      return ProcessState::backoff;
    case core::State::exited:
      return ProcessState::exited;
    case core::State::failed:
      return ProcessState::fatal;
  }
  return ProcessState::unknown;
}

}  // namespace foster::supervisor::supervisord
