/* Everything that can be remembered, by whom it is remembered. */

/* -- The kernel: one process a number, from its birth until it is reaped. -- */
mtype:process = {free, born, claimed, running, zombie};
mtype:process p_state[NUMBERS + 1] = free;
byte p_birth[NUMBERS + 1]; /* what start time and pidfd inode tell: which process it is, whatever its number */
byte p_slot[NUMBERS + 1];
byte p_run[NUMBERS + 1];
byte p_ticket[NUMBERS + 1];
bit p_is_ours[NUMBERS + 1]; /* a child of the reaper that lives */
bit p_is_signalled[NUMBERS + 1];

#define NOBODY 255 /* a stranger's slot */
#define is_live(n) (p_state[n] == born || p_state[n] == claimed || p_state[n] == running)
#define exists(n, birth) (p_state[n] != free && p_birth[n] == (birth))

/* As many births as can be known at once, and one more. */
#define BIRTHS (NUMBERS + 3 * SLOTS + 2)
bit spawn_failed[BIRTHS]; /* what a child leaves in its parent's memory */

/* -- The ledger: claim words, entries, the header. -- */
mtype:instance = {waiting, starting, up, stopping, ending};
byte w_ticket[SLOTS];
byte w_pid[SLOTS];
mtype:instance e_state[SLOTS] = waiting; /* the core's record: state, run, main_pid */
byte e_run[SLOTS];
byte e_record_pid[SLOTS];
byte e_pid[SLOTS]; /* the identity of the main process */
byte e_birth[SLOTS];
byte e_first[SLOTS]; /* the executor's notes */
byte e_noted_run[SLOTS];
byte last_exit_sequence;

/* -- The channel. -- */
chan channel = [ROOM] of {byte /* sequence */, byte /* number */};

/* -- The processes of foster. -- */
mtype:supervisor = {dead, launched, alive, killed};
mtype:supervisor supervisor = dead;
bit reaper_lives = 1;

/* -- The reaper's memory. -- */
byte sequence; /* of the last exit that was told */
byte r_number; /* the zombie it looks at */
bit r_is_told;
#ifdef NOT_KEPT_ALIVE
bit was_launched;
#endif

/* -- The supervisor's memory. -- */
mtype:instance state[SLOTS] = waiting; /* core: state, run, main process */
byte run_of[SLOTS];
byte main_of[SLOTS];
byte i_run[SLOTS]; /* supervisor/instance.hpp: run, first_pid, main_pid, process, foreign */
byte i_first[SLOTS];
byte i_main[SLOTS];
byte i_process[SLOTS]; /* a pidfd: the birth of the process behind it; 0: none */
bit i_is_foreign[SLOTS];
byte expected[NUMBERS + 1]; /* supervisor/exits.hpp: slot + 1; 0: nobody waits for it */
byte last_applied;
byte seen_sequence; /* the message in hand */
byte seen_number;
byte seen_slot;
bit has_ended;
byte new_number; /* the child in hand */
byte new_birth;
bit is_restoring; /* before the first tick nothing is begun */

/* -- What people want. -- */
byte wishes = RESTARTS;
bit restart_wanted[SLOTS];

/* -- What only the properties look at. -- */
byte live[SLOTS];
byte claimed_run[SLOTS];    /* the last run that claimed its slot, */
byte executed_run[SLOTS];   /* that ran the service's program, */
byte ended_run[SLOTS];      /* whose exit was stored */
bit unknown_is_fair[SLOTS]; /* the reaper was lost since the run began, or was its parent never */
byte told_as[NUMBERS + 1];  /* the last exit that was told under this number, */
byte effective;             /* and the last one whose effect is stored */

/* The one assumption: while foster is at work, a number does not come back before the end of its last owner was told
 * and dealt with. Linux gives all other numbers first. With reaper and supervisor both lost nothing is assumed. */
#ifdef NUMBERS_DO_NOT_REST
#define may_be_given(n) (p_state[n] == free)
#else
#define is_ending_as(i, n) (state[i] == ending && i_main[i] == n)
#if SLOTS > 1
#define is_ending(n) (is_ending_as(0, n) || is_ending_as(1, n))
#else
#define is_ending(n) is_ending_as(0, n)
#endif
#define may_be_given(n) (p_state[n] == free && told_as[n] <= effective && expected[n] == 0 && !is_ending(n))
#endif
