/* Linux: births, ends, init as the parent of whom nobody else is; and the child's own steps between clone and exec
 * (sys/child_program). */

/* A birth that nobody knows any more may be given again: who compares cannot tell. */
#define has_birth(n, number, birth) (n != number && p_birth[number] == birth)
#define is_birth_of(i, birth) (e_birth[i] == birth || i_process[i] == birth)
#if NUMBERS > 2
#define third_has(n, birth) has_birth(n, 3, birth)
#else
#define third_has(n, birth) false
#endif
#if SLOTS > 1
#define second_knows(birth) is_birth_of(1, birth)
#else
#define second_knows(birth) false
#endif
#define is_known_birth(n, birth) \
  (has_birth(n, 1, birth) || has_birth(n, 2, birth) || third_has(n, birth) || is_birth_of(0, birth) || \
   second_knows(birth) || new_birth == birth)

inline be_born(n, of_slot, of_run, of_ticket, ours) {
  p_birth[n] = 1;
  do
  :: is_known_birth(n, p_birth[n]) -> p_birth[n]++
  :: else -> break
  od;
  spawn_failed[p_birth[n]] = 0;
  p_slot[n] = of_slot;
  p_run[n] = of_run;
  p_ticket[n] = of_ticket;
  p_is_ours[n] = ours
}

inline forget_process(n) {
  p_state[n] = free;
  p_birth[n] = 0;
  p_slot[n] = 0;
  p_run[n] = 0;
  p_ticket[n] = 0;
  p_is_ours[n] = 0;
  p_is_signalled[n] = 0
}

inline end_process(n) {
  if
  :: p_state[n] == running && p_slot[n] != NOBODY -> live[p_slot[n]]--
  :: else
  fi;
  p_state[n] = zombie;
  p_is_signalled[n] = 0
}

inline claim(n) {
  if
#if defined(PID_AFTER_EXEC)
  :: true -> p_state[n] = claimed
#elif defined(NO_TICKET)
  :: true -> w_pid[p_slot[n]] = n; p_state[n] = claimed; claimed_run[p_slot[n]] = p_run[n]
#else
  :: w_ticket[p_slot[n]] == p_ticket[n] && w_pid[p_slot[n]] == 0 ->
    w_pid[p_slot[n]] = n;
    p_state[n] = claimed;
    claimed_run[p_slot[n]] = p_run[n]
#endif
  :: else ->
    spawn_failed[p_birth[n]] = 1;
    end_process(n)
  fi
}

inline execute(n) {
  p_state[n] = running;
  claimed_run[p_slot[n]] = p_run[n];
  executed_run[p_slot[n]] = p_run[n];
  live[p_slot[n]]++;
  ALWAYS(one_live_run, live[p_slot[n]] <= 1)
}

#define KERNEL_STEPS(n)                                                     \
  :: d_step { p_state[n] == born -> claim(n) }                              \
  :: d_step { p_state[n] == claimed && !p_is_signalled[n] -> execute(n) }   \
  :: d_step { p_is_signalled[n] && is_live(n) -> end_process(n) }           \
  :: d_step { p_state[n] == zombie && !p_is_ours[n] -> forget_process(n) }

active proctype Kernel() {
end:
  do
  OPTIONS_OF_NUMBERS(KERNEL_STEPS)
  od
}
