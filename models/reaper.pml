/* The reaper: tells before it reaps, and starts the supervisor again (reaper/reaper.cpp, reaper/outbox.cpp). */

inline send_exit(n) {
  sequence++;
  channel!sequence, n;
  told_as[n] = sequence;
  r_is_told = 1
}

inline drop_message() {
  if
  :: nempty(channel) -> channel?seen_sequence, seen_number; seen_sequence = 0; seen_number = 0
  :: empty(channel)
  fi
}

inline forget_told(n) { told_as[n] = 0 }

/* A new reaper: another channel, and exits are counted on from the ledger's last one. */
inline begin_reaper() {
  drop_message(); /* what nobody took is gone with both ends */
#if ROOM > 1
  drop_message();
#endif
  sequence = last_exit_sequence;
  effective = last_exit_sequence;
  EACH_NUMBER(forget_told);
  reaper_lives = 1
}

#define is_to_be_told(n) (p_state[n] == zombie && p_is_ours[n])
#define LOOK_AT(n) :: d_step { reaper_lives && r_number == 0 && is_to_be_told(n) -> r_number = n }

active proctype Reaper() {
end:
  do
  :: d_step { !reaper_lives && supervisor == dead -> begin_reaper() } /* somebody starts foster again */
#ifdef NOT_KEPT_ALIVE
  :: d_step { reaper_lives && supervisor == dead && !was_launched -> supervisor = launched; was_launched = 1 }
#else
  :: d_step { reaper_lives && supervisor == dead -> supervisor = launched }
#endif
  OPTIONS_OF_NUMBERS(LOOK_AT)
#ifdef RELEASE_BEFORE_SEND
  :: d_step { reaper_lives && r_number != 0 && !r_is_told -> forget_process(r_number); r_is_told = 1 }
  :: d_step { reaper_lives && r_is_told && nfull(channel) -> send_exit(r_number); r_number = 0; r_is_told = 0 }
#else
  :: d_step { reaper_lives && r_number != 0 && !r_is_told && nfull(channel) -> send_exit(r_number) }
  :: d_step { reaper_lives && r_is_told -> forget_process(r_number); r_number = 0; r_is_told = 0 }
#endif
  od
}
