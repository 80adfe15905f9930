/* The supervisor's life: recovery, then one event after another, until it is killed. */

inline forget_instance(i) {
  state[i] = waiting;
  run_of[i] = 0;
  main_of[i] = 0;
  i_run[i] = 0;
  i_first[i] = 0;
  i_main[i] = 0;
  i_process[i] = 0;
  i_is_foreign[i] = 0
}

inline forget_expectation(n) { expected[n] = 0 }

inline forget_everything() {
  EACH_SLOT(forget_instance);
  EACH_NUMBER(forget_expectation);
  last_applied = 0;
  new_number = 0;
  new_birth = 0;
  seen_sequence = 0;
  seen_number = 0;
  seen_slot = 0;
  has_ended = 0;
  is_restoring = 0
}

#define foreign_has_ended(i) (i_is_foreign[i] && !(exists(i_main[i], i_process[i]) && is_live(i_main[i])))

/* What the supervisor does about one slot when it is its turn. */
#define EVENTS_OF(i)                                                                                        \
  :: may_start(i) -> start(i)                                                                               \
  :: is_gone(i) -> gone(i)                                                                                  \
  :: d_step { foreign_has_ended(i) -> expected[i_main[i]] = 0; main_exited(i, i_main[i], 1) }               \
  :: d_step { restart_wanted[i] && state[i] == up -> restart_wanted[i] = 0; state[i] = stopping; store(i) } \
    d_step { signal_main(i) }

active proctype Supervisor() {
end:
  do
  :: supervisor == launched ->
    {
      recover();
end_between_events:
      do
      OPTIONS_OF_SLOTS(EVENTS_OF)
      :: nempty(channel) -> handle_exit()
      /* The end of the channel: it executes itself as a reaper, which launches a supervisor. */
      :: d_step { empty(channel) && !reaper_lives -> begin_reaper(); supervisor = killed }
      od
    } unless { supervisor == killed }
    d_step { forget_everything(); supervisor = dead }
  od
}
