/* What may happen and need not; and what must be true when nothing else can happen. */

inline lose_child(n) { p_is_ours[n] = 0 }
inline excuse(i) { unknown_is_fair[i] = 1 }

inline kill_reaper() {
  reaper_lives = 0;
  r_number = 0;
  r_is_told = 0;
  EACH_NUMBER(lose_child);
  EACH_SLOT(excuse)
}

inline stranger(n, ours) {
  be_born(n, NOBODY, 0, 0, ours);
  p_state[n] = running
}

inline fail_to_execute(n) {
  spawn_failed[p_birth[n]] = 1;
  end_process(n)
}

#define may_be_ended(n) (p_state[n] == running && !p_is_signalled[n])
#define FATE_OF(n)                                                                                 \
  :: d_step { exits > 0 && may_be_ended(n) -> exits--; end_process(n) }                            \
  :: d_step { strangers > 0 && may_be_given(n) -> strangers--; stranger(n, 0) }                    \
  :: d_step { strangers > 0 && reaper_lives && may_be_given(n) -> strangers--; stranger(n, 1) }    \
  :: d_step { failures > 0 && p_state[n] == claimed -> failures--; fail_to_execute(n) }
#define WISHES_ABOUT(i) \
  :: d_step { wishes > 0 && supervisor == alive && state[i] == up -> wishes--; restart_wanted[i] = 1 }

active proctype Fate() {
  byte supervisor_kills = SUPERVISOR_KILLS;
  byte reaper_kills = REAPER_KILLS;
  byte exits = EXITS;
  byte strangers = STRANGERS;
  byte failures = FAILURES;
end:
  do
  :: d_step { supervisor_kills > 0 && supervisor == alive -> supervisor_kills--; supervisor = killed }
  :: d_step { reaper_kills > 0 && reaper_lives -> reaper_kills--; kill_reaper() }
  OPTIONS_OF_NUMBERS(FATE_OF)
  OPTIONS_OF_SLOTS(WISHES_ABOUT)
  od
}

#define is_quiet(n) (p_state[n] == free || (p_state[n] == running && !p_is_signalled[n]))
#define has_signal_to_send(i) (state[i] == stopping && main_lives(i) && !p_is_signalled[i_main[i]])
#define has_work(i)                                                                                  \
  (may_start(i) || is_gone(i) || foreign_has_ended(i) || (restart_wanted[i] && state[i] == up) ||    \
   state[i] == starting || has_signal_to_send(i))
#define foster_is_at_rest \
  (reaper_lives && r_number == 0 && supervisor == alive && !is_restoring && seen_sequence == 0 && len(channel) == 0)
#define all_are_at_rest (foster_is_at_rest && ALL_NUMBERS(is_quiet) && !ANY_SLOT(has_work))

#define is_up(i)                                                                                    \
  (state[i] == up && live[i] == 1 && main_lives(i) && p_slot[i_main[i]] == i && e_state[i] == up && \
   e_run[i] == run_of[i] && e_pid[i] == i_main[i])

active proctype Rest() {
end:
  do
  :: d_step { IS_WATCHED(comes_up) && all_are_at_rest && !ALL_SLOTS(is_up) -> comes_up = 0; assert(comes_up) }
  :: timeout && IS_WATCHED(ends) && !all_are_at_rest -> ends = 0; assert(ends)
  od
}
