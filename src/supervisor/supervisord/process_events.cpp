#include "supervisor/supervisord/process_events.hpp"

namespace foster::supervisor::supervisord {
namespace {

using compat::ProcessState;

class Teller {
 public:
  Teller(const compat::EventSource& source, const ProcessStep& step, ToldProcess& told)
      : source_(source), step_(step), told_(told) {}

  std::vector<compat::Event> run() {
    if (step_.pid != 0) told_.pid = step_.pid;
    switch (step_.to) {
      case core::State::waiting:
        end_what_went_before();
        break;
      case core::State::starting:
        start();
        break;
      case core::State::running:
        tell(ProcessState::running);
        told_.tries = 0;
        break;
      case core::State::stopping:
        begin_to_stop();
        break;
      case core::State::stopped:
        stop();
        break;
      case core::State::backoff:
        // After a run that was up, Supervisor starts again at once: then the next start is what there is to tell.
        if (told_.state != ProcessState::exited) fail_start();
        break;
      case core::State::exited:
        if (told_.state != ProcessState::exited) exit();
        break;
      case core::State::failed:
        if (told_.state == ProcessState::starting) fail_start();
        tell(ProcessState::fatal);
        told_.tries = 0;
        break;
    }
    return std::move(events_);
  }

 private:
  void tell(ProcessState to) {
    const bool is_without_process = told_.state == ProcessState::backoff && to == ProcessState::stopped;
    events_.push_back(compat::process_state_event(
        source_, told_.state, to,
        {.tries = told_.tries, .is_expected = step_.is_expected, .pid = is_without_process ? 0 : told_.pid}));
    told_.state = to;
  }

  void fail_start() {
    ++told_.tries;
    tell(ProcessState::backoff);
  }

  void exit() {
    tell(ProcessState::exited);
    told_.tries = 0;
  }

  // A start that ended early, or a stop that another start follows.
  void end_what_went_before() {
    if (told_.state == ProcessState::starting) fail_start();
    if (told_.state == ProcessState::stopping) tell(ProcessState::stopped);
  }

  void start() {
    // A spawn that nobody heard of is the same one again.
    if (step_.from == core::State::starting && step_.cause == core::CauseKind::recovered) return;
    end_what_went_before();
    told_.pid = 0;
    tell(ProcessState::starting);
  }

  void begin_to_stop() {
    if (step_.from == core::State::stopping) return;
    if (!step_.has_ended) return tell(ProcessState::stopping);
    // A start that failed is told when it is known what follows.
    if (told_.state == ProcessState::running) exit();
  }

  void stop() {
    if (told_.state == ProcessState::starting) fail_start();
    if (told_.state == ProcessState::backoff && step_.cause == core::CauseKind::shutdown) {
      tell(ProcessState::fatal);
    } else if (told_.state == ProcessState::backoff || told_.state == ProcessState::stopping) {
      tell(ProcessState::stopped);
    }
    told_.state = ProcessState::stopped;
    told_.tries = 0;
  }

  const compat::EventSource& source_;
  const ProcessStep& step_;
  ToldProcess& told_;
  std::vector<compat::Event> events_;
};

}  // namespace

std::vector<compat::Event> events_of(const compat::EventSource& source, const ProcessStep& step, ToldProcess& told) {
  return Teller(source, step, told).run();
}

}  // namespace foster::supervisor::supervisord
