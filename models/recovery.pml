/* A supervisor in place of a lost one takes the runs up again (supervisor/recover.cpp). */

inline open_identity(i) {
#ifdef BARE_ADOPTION
  i_process[i] = (i_main[i] != 0 && p_state[i_main[i]] != free -> p_birth[i_main[i]] : 0)
#else
  i_process[i] = (e_pid[i] != 0 && exists(e_pid[i], e_birth[i]) -> e_birth[i] : 0)
#endif
}

/* A claim says which number; whether its owner is still that process must be proved. */
inline open_claimed(i) {
#ifdef CLAIM_UNPROVED
  i_process[i] = (p_state[i_main[i]] != free -> p_birth[i_main[i]] : 0)
#else
  i_process[i] =
      (p_state[i_main[i]] != free && p_slot[i_main[i]] == i && p_run[i_main[i]] == i_run[i] -> p_birth[i_main[i]] : 0)
#endif
}

#define is_begun(i) (e_noted_run[i] == e_run[i] && e_first[i] != 0)

inline take_up(i) {
  if
  :: e_state[i] == waiting
  :: d_step { e_state[i] != waiting && is_begun(i) ->
      i_run[i] = e_run[i];
      i_first[i] = e_first[i];
      i_main[i] = e_pid[i];
#ifndef MAIN_BY_IDENTITY_ALONE
      if
      :: i_main[i] == 0 -> i_main[i] = e_record_pid[i]
      :: else
      fi;
#endif
      open_identity(i);
      if
      :: i_main[i] != 0 -> expected[i_main[i]] = i + 1
      :: else
      fi
    }
  :: d_step { e_state[i] != waiting && !is_begun(i) ->
      new_number = w_pid[i];
#ifndef NO_REVOKE
      if
      :: new_number == 0 -> w_ticket[i]++
      :: else
      fi
#endif
    }
    d_step {
      if
      :: new_number == 0 ->
        ALWAYS(no_exit_lost, executed_run[i] != run_of[i]);
        state[i] = waiting
      :: else ->
        i_run[i] = run_of[i];
        i_first[i] = new_number;
        i_main[i] = new_number;
        open_claimed(i);
        expected[new_number] = i + 1;
        state[i] = up;
        main_of[i] = new_number;
        new_number = 0
      fi;
      store(i)
    }
  fi
}

#ifdef TOLD_BY_NUMBER
#define will_be_told(i) (p_state[i_main[i]] != free && p_is_ours[i_main[i]])
#else
#define will_be_told(i) (i_process[i] != 0 && exists(i_main[i], i_process[i]) && p_is_ours[i_main[i]])
#endif

#define main_lives(i) (i_process[i] != 0 && exists(i_main[i], i_process[i]) && is_live(i_main[i]))

inline account_for(i) {
  if
  :: main_exit_is_due(i) && !will_be_told(i) ->
    do
    :: nempty(channel) -> handle_exit()
    :: empty(channel) -> break
    od;
    skip;
    d_step {
      if
      :: main_exit_is_due(i) && main_lives(i) -> i_is_foreign[i] = 1
      :: main_exit_is_due(i) && !main_lives(i) ->
#ifndef EXPECTATION_STAYS
        expected[i_main[i]] = 0;
#endif
        main_exited(i, i_main[i], 1)
      :: else
      fi
    }
  :: !main_exit_is_due(i) || will_be_told(i)
  fi
}

inline signal_main(i) {
  if
  :: i_process[i] != 0 && exists(i_main[i], i_process[i]) ->
    ALWAYS(no_stranger, p_slot[i_main[i]] == i);
    p_is_signalled[i_main[i]] = is_live(i_main[i])
  :: else
  fi
}

/* What was not seen to be done is done again (core/fleet.cpp, Fleet::Impl::resume). */
inline resume(i) {
  if
  :: is_gone(i) -> gone(i)
  :: d_step { state[i] == stopping -> signal_main(i) }
  :: state[i] != stopping && !is_gone(i)
  fi
}

inline load(i) {
  state[i] = e_state[i];
  run_of[i] = e_run[i];
  main_of[i] = e_record_pid[i]
}

#define has_its_own(i) (i_process[i] == 0 || !exists(i_main[i], i_process[i]) || p_slot[i_main[i]] == i)

inline recover() {
  d_step {
    supervisor = alive;
    is_restoring = 1;
    last_applied = last_exit_sequence;
    EACH_SLOT(load)
  }
  EACH_SLOT(take_up);
  do
  :: nempty(channel) -> handle_exit()
  :: empty(channel) -> break
  od;
  EACH_SLOT(account_for);
  d_step { ALWAYS(no_stranger, ALL_SLOTS(has_its_own)) };
  EACH_SLOT(resume);
  is_restoring = 0
}
