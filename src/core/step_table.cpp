#include "core/step_table.hpp"

#include <array>

namespace foster::core {
namespace {

using enum State;

// Where an instance that is to be up again is found after settling.
constexpr StateSet kUpAgain{waiting, starting};
// After the end of a run: what the sequel says.
constexpr StateSet kAfterARun{stopped, waiting, starting, backoff, exited, failed};

}  // namespace

const StepTable::Cell& StepTable::cell(State state, Trigger trigger) {
  using I = Instance;
  static constexpr Cell none{&I::ignore, {"", {}}};
  static constexpr Cell want{&I::want, {"wanted; nothing counts", {}}};
  static constexpr Cell begin{&I::begin, {"wanted; nothing counts; spawn when the surroundings allow", kUpAgain}};
  static constexpr Cell come_back{&I::come_back, {"wanted; nothing counts; up again after the end", {}}};
  static constexpr Cell cancel{&I::cancel, {"not wanted; nobody is signalled", {stopped}}};
  static constexpr Cell stop{&I::order_stop, {"not wanted; stop, dependants first", {stopping}}};
  static constexpr Cell for_good{&I::stop_for_good, {"not wanted; the end goes on, and no next run", {}}};
  static constexpr Cell restart{&I::order_restart, {"wanted; nothing counts; stop, dependants first", {stopping}}};
  static constexpr Cell spawned{&I::note_spawned, {"watch for readiness; ready if nothing is to be shown", {running}}};
  static constexpr Cell late_spawn{&I::note_late_spawn, {"signal it, dependants first", {}}};
  static constexpr Cell no_spawn{
      &I::fail_to_spawn, {"a failure; the restart policy decides", {waiting, starting, backoff, failed, stopped}}};
  static constexpr Cell no_spawn_stop{&I::finish_without_spawn,
                                      {"nothing to stop: the end", {stopped, waiting, starting}}};
  static constexpr Cell lost{&I::note_lost_spawn, {"spawn again, as another run", {waiting, starting, stopped}}};
  static constexpr Cell end{&I::note_end, {"the restart policy decides; kill the rest", {stopping}}};
  static constexpr Cell end_stop{&I::note_end_while_stopping, {"kill the rest", {}}};
  static constexpr Cell gone{&I::note_gone, {"ended, status unknown; the restart policy decides", {stopping}}};
  static constexpr Cell gone_stop{&I::finish_stop, {"the end: what was decided follows", kAfterARun}};
  static constexpr Cell main_pid{&I::note_main_pid, {"another process is the main one", {}}};
  static constexpr Cell ready{&I::become_ready, {"ready", {running}}};
  static constexpr Cell not_ready{&I::give_up_readiness, {"a failure; stop it", {stopping}}};
  static constexpr Cell extend{&I::extend, {"the deadline moves", {}}};
  static constexpr Cell watchdog{&I::feed_watchdog, {"the watchdog is armed anew", {}}};
  static constexpr Cell leaving{&I::note_stopping,
                                {"wait for its end, then kill; the exit status decides", {stopping}}};
  static constexpr Cell starting_due{
      &I::starting_due,
      {"up long enough: ready; not ready in time, or no watchdog ping: a failure", {running, stopping}}};
  static constexpr Cell running_due{&I::running_due, {"no watchdog ping: a failure; kill it", {stopping}}};
  static constexpr Cell stopping_due{&I::stopping_due, {"kill the rest (again)", {}}};
  static constexpr Cell backoff_due{&I::backoff_due, {"the next try, when the surroundings allow", kUpAgain}};
  static constexpr Cell kill{&I::kill, {"kill everything now", {stopping}}};

  using Row = std::array<const Cell*, kTriggers>;
  // clang-format off
  static constexpr std::array<Row, kStates> table{
      //   start       stop       restart     spawned      spawn failed    main exited gone        main pid   ready   not ready   extend   watchdog   stopping  spawn lost      due            kill now
      Row{&begin,     &none,     &begin,     &none,       &none,          &none,      &none,      &none,     &none,  &none,      &none,   &none,     &none,    &none,          &none,         &none},  // stopped
      Row{&want,      &cancel,   &want,      &none,       &none,          &none,      &none,      &none,     &none,  &none,      &none,   &none,     &none,    &none,          &none,         &none},  // waiting
      Row{&none,      &stop,     &restart,   &spawned,    &no_spawn,      &end,       &gone,      &main_pid, &ready, &not_ready, &extend, &watchdog, &none,    &lost,          &starting_due, &kill},  // starting
      Row{&none,      &stop,     &restart,   &none,       &none,          &end,       &gone,      &main_pid, &none,  &none,      &none,   &watchdog, &leaving, &none,          &running_due,  &kill},  // running
      Row{&come_back, &for_good, &come_back, &late_spawn, &no_spawn_stop, &end_stop,  &gone_stop, &main_pid, &none,  &none,      &extend, &none,     &none,    &no_spawn_stop, &stopping_due, &kill},  // stopping
      Row{&begin,     &cancel,   &begin,     &none,       &none,          &none,      &none,      &none,     &none,  &none,      &none,   &none,     &none,    &none,          &backoff_due,  &none},  // backoff
      Row{&begin,     &cancel,   &begin,     &none,       &none,          &none,      &none,      &none,     &none,  &none,      &none,   &none,     &none,    &none,          &none,         &none},  // exited
      Row{&begin,     &cancel,   &begin,     &none,       &none,          &none,      &none,      &none,     &none,  &none,      &none,   &none,     &none,    &none,          &none,         &none},  // failed
  };
  // clang-format on
  return *table[static_cast<unsigned>(state)][static_cast<unsigned>(trigger)];
}

StepRule step_rule(State state, Trigger trigger) {
  return StepTable::cell(state, trigger).rule;
}

StepRule settle_rule(State state) {
  switch (state) {
    case waiting:
      return {"spawn, when whatever it needs or comes after is ready", {starting}};
    case starting:
    case running:
      return {"stop, when what it needs is down", {stopping}};
    case stopping:
      return {"signal, when nobody who needs it is alive", {}};
    case stopped:
    case backoff:
    case exited:
    case failed:
      break;
  }
  return {"", {}};
}

bool may_follow(State from, State to) {
  // Told again: one spawn after another, and a stop signal that was ignored.
  if (from == to) return from == starting || from == stopping;
  if (settle_rule(from).leads_to.contains(to)) return true;
  for (unsigned trigger = 0; trigger < kTriggers; ++trigger) {
    if (step_rule(from, static_cast<Trigger>(trigger)).leads_to.contains(to)) return true;
  }
  return false;
}

std::string_view to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::start:
      return "start";
    case Trigger::stop:
      return "stop";
    case Trigger::restart:
      return "restart";
    case Trigger::spawned:
      return "spawned";
    case Trigger::spawn_failed:
      return "spawn failed";
    case Trigger::main_exited:
      return "main exited";
    case Trigger::gone:
      return "gone";
    case Trigger::main_pid:
      return "main pid";
    case Trigger::ready:
      return "ready";
    case Trigger::not_ready:
      return "not ready";
    case Trigger::extend_timeout:
      return "extend timeout";
    case Trigger::watchdog_ping:
      return "watchdog ping";
    case Trigger::stopping:
      return "says stopping";
    case Trigger::spawn_lost:
      return "spawn lost";
    case Trigger::due:
      return "deadline";
    case Trigger::kill_now:
      return "second shutdown";
  }
  return "";
}

}  // namespace foster::core
