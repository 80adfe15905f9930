/* What the supervisor does about one slot: store, spawn, hear of exits. */

/* Executor and engine: what must survive is stored before anything is done (supervisor/engine.cpp, Engine::perform). */
inline store(i) {
  if
  :: state[i] == ending -> ended_run[i] = run_of[i]
  :: else
  fi;
  e_state[i] = state[i];
  e_run[i] = run_of[i];
  e_record_pid[i] = main_of[i];
  e_birth[i] = i_process[i];
  e_pid[i] = (i_process[i] != 0 -> i_main[i] : 0);
  e_first[i] = i_first[i];
  e_noted_run[i] = i_run[i]
}

inline publish(i) {
  w_ticket[i]++;
  w_pid[i] = 0
}

#define vfork_has_returned \
  (new_number == 0 || !exists(new_number, new_birth) || p_state[new_number] == running || p_state[new_number] == zombie)

#define GIVE(n) :: may_be_given(n) -> new_number = n

/* One Spawn, from the decision to its answer (supervisor/executor.cpp, Executor::start). */
inline start(i) {
  d_step {
    state[i] = starting;
    run_of[i]++;
    main_of[i] = 0;
#ifndef STORE_AFTER_ACT
    store(i)
#endif
  }
  d_step {
    i_run[i] = run_of[i];
    i_process[i] = 0;
    i_first[i] = 0;
    i_main[i] = 0;
    publish(i)
  }
  atomic {
    if
    OPTIONS_OF_NUMBERS(GIVE)
    :: else -> new_number = 0
    fi;
    d_step {
      if
      :: new_number != 0 ->
        be_born(new_number, i, run_of[i], w_ticket[i], reaper_lives);
        p_state[new_number] = born;
        new_birth = p_birth[new_number];
        unknown_is_fair[i] = !reaper_lives
      :: else
      fi
    }
  }
  if
  :: vfork_has_returned && (new_number == 0 || spawn_failed[new_birth]) ->
    publish(i);
    d_step { state[i] = waiting; new_number = 0; new_birth = 0; store(i) }
  :: d_step { vfork_has_returned && new_number != 0 && !spawn_failed[new_birth] ->
      i_first[i] = new_number;
      i_main[i] = new_number;
      i_process[i] = new_birth;
      expected[new_number] = i + 1;
      state[i] = up;
      main_of[i] = new_number;
#ifdef PID_AFTER_EXEC
      w_pid[i] = new_number;
#endif
      new_number = 0;
      new_birth = 0;
      store(i)
    }
  fi
}

#if NUMBERS > 2
#define is_run_live(i, run) (is_live_of(1, i, run) || is_live_of(2, i, run) || is_live_of(3, i, run))
#else
#define is_run_live(i, run) (is_live_of(1, i, run) || is_live_of(2, i, run))
#endif
#define is_live_of(n, i, run) (is_live(n) && p_slot[n] == i && p_run[n] == (run))

/* The core hears of the end of the main process; then of the end of everything (core/step.cpp, note_end, note_gone). */
inline main_exited(i, number, is_unknown) {
  i_process[i] = 0;
  i_is_foreign[i] = 0;
  if
  :: main_of[i] == number && (state[i] == up || state[i] == stopping || state[i] == ending) ->
    ALWAYS(exit_once, ended_run[i] != run_of[i]);
    ALWAYS(no_false_exit, claimed_run[i] == run_of[i] && !is_run_live(i, run_of[i]));
    ALWAYS(status_known, !(is_unknown) || unknown_is_fair[i]);
    state[i] = ending;
#ifndef DEAD_MAIN_KEPT
    main_of[i] = 0;
#endif
    store(i)
  :: else
  fi
}

#define main_exit_is_due(i) (i_main[i] != 0 && expected[i_main[i]] != 0)
#define is_gone(i) (state[i] == ending && !main_exit_is_due(i))

inline gone(i) {
#ifndef CLAIM_STAYS
  publish(i);
#endif
  d_step { state[i] = waiting; store(i) }
}

inline note_sequence() {
  d_step {
    last_applied = seen_sequence;
#ifndef NO_SEQUENCE
    last_exit_sequence = seen_sequence;
#endif
    if
    :: seen_sequence > effective -> effective = seen_sequence
    :: else
    fi
  }
}

#define may_start(i) (state[i] == waiting && !is_restoring && ANY_NUMBER(may_be_given))

/* Peek, apply, take (supervisor/exits.cpp). The next run may begin before the message is taken off. */
inline handle_exit() {
#ifdef TAKE_BEFORE_APPLY
  channel?seen_sequence, seen_number;
#endif
  d_step {
#ifndef TAKE_BEFORE_APPLY
    channel?<seen_sequence, seen_number>;
#endif
    has_ended = 0;
    if
    :: seen_sequence > last_applied && expected[seen_number] != 0 ->
      seen_slot = expected[seen_number] - 1;
      expected[seen_number] = 0;
      main_exited(seen_slot, seen_number, 0);
      has_ended = (state[seen_slot] == ending);
      if
      :: has_ended && seen_sequence > effective -> effective = seen_sequence
      :: else
      fi
    :: else
    fi
  }
#ifndef SEQUENCE_LATE
  if
  :: seen_sequence > last_applied -> note_sequence()
  :: else
  fi;
#endif
  if
  :: has_ended ->
    if
    :: is_gone(seen_slot) -> gone(seen_slot)
    :: else
    fi;
    if
    :: may_start(seen_slot) -> start(seen_slot)
    :: true
    fi
  :: else
  fi;
#ifdef SEQUENCE_LATE
  if
  :: seen_sequence > last_applied -> note_sequence()
  :: else
  fi;
#endif
  d_step {
#if !defined(TAKE_BEFORE_APPLY) && !defined(NEVER_TAKE)
    channel?seen_sequence, seen_number;
#endif
    seen_sequence = 0;
    seen_number = 0;
    seen_slot = 0;
    has_ended = 0
  }
}
