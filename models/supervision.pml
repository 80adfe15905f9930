/* Spawn, exit relay, ledger and recovery, small enough to look at every order of events. README.md tells how it is
 * run, which line of foster each part follows, and what each -D breaks.
 *
 * Supervisor and Reaper are the two processes of foster; Kernel is Linux, and in it the child between clone and exec;
 * Fate ends services, kills foster's processes, and gives numbers that became free to strangers. A step of the
 * supervisor is what nobody can see half done: one write of an entry, one change of a claim word, one system call.
 * Between any two steps Fate may kill it, and what is declared as its memory is gone.
 *
 * All budgets are finite, so every execution must end. That it does is seen by looking for cycles; what must have come
 * about is asserted wherever everybody is at rest.
 */

/* -- The size of the world. -- */
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef NUMBERS
#define NUMBERS 2 /* process numbers, 2 or 3: few, so that they come back */
#endif
#ifndef ROOM
#define ROOM 1 /* messages that the channel holds, 1 or 2 */
#endif

/* -- What Fate may do, and how often. -- */
#ifndef SUPERVISOR_KILLS
#define SUPERVISOR_KILLS 1
#endif
#ifndef REAPER_KILLS
#define REAPER_KILLS 0
#endif
#ifndef EXITS
#define EXITS 1 /* runs end by themselves */
#endif
#ifndef STRANGERS
#define STRANGERS 0 /* processes that are nobody's run are born */
#endif
#ifndef FAILURES
#define FAILURES 0 /* children fail between claim and exec */
#endif
#ifndef RESTARTS
#define RESTARTS 0 /* a person asks for a restart, which signals */
#endif

/* -- Properties: bits that turn 0 when they are broken. WATCH narrows the look to one of them. -- */
bit one_live_run = 1;  /* a slot never has two live processes */
bit no_stranger = 1;   /* nobody but a slot's own process is adopted or signalled for it */
bit no_false_exit = 1; /* an exit is applied only to a run that had a process, which has ended */
bit no_exit_lost = 1;  /* a run that ran is never taken for one that did not */
bit exit_once = 1;     /* the effect of an exit is stored once */
bit status_known = 1;  /* an exit status is unknown only where a reaper was lost */
bit comes_up = 1;      /* when all are at rest, every slot is up, its process alive and known by its identity */
bit ends = 1;          /* recovery, and everything else, comes to such a rest */

#define one_live_run_ 1
#define no_stranger_ 2
#define no_false_exit_ 3
#define no_exit_lost_ 4
#define exit_once_ 5
#define status_known_ 6
#define comes_up_ 7
#define ends_ 8
#ifdef WATCH
#define NUMBER_OF(property) property##_
#define NUMBER_OF_VALUE(property) NUMBER_OF(property)
#define IS_WATCHED(property) (NUMBER_OF(property) == NUMBER_OF_VALUE(WATCH))
#else
#define IS_WATCHED(property) true
#endif
#define ALWAYS(property, condition)            \
  if                                           \
  :: !IS_WATCHED(property) || (condition)      \
  :: else -> property = 0; assert(property)    \
  fi

/* -- For every slot and every number. Slots count from 0; number 0 is no process. -- */
#if SLOTS > 1
#define EACH_SLOT(step) step(0); step(1)
#define OPTIONS_OF_SLOTS(options) options(0) options(1)
#define ANY_SLOT(test) (test(0) || test(1))
#define ALL_SLOTS(test) (test(0) && test(1))
#else
#define EACH_SLOT(step) step(0)
#define OPTIONS_OF_SLOTS(options) options(0)
#define ANY_SLOT(test) test(0)
#define ALL_SLOTS(test) test(0)
#endif
#if NUMBERS > 2
#define EACH_NUMBER(step) step(1); step(2); step(3)
#define OPTIONS_OF_NUMBERS(options) options(1) options(2) options(3)
#define ANY_NUMBER(test) (test(1) || test(2) || test(3))
#define ALL_NUMBERS(test) (test(1) && test(2) && test(3))
#else
#define EACH_NUMBER(step) step(1); step(2)
#define OPTIONS_OF_NUMBERS(options) options(1) options(2)
#define ANY_NUMBER(test) (test(1) || test(2))
#define ALL_NUMBERS(test) (test(1) && test(2))
#endif

#include "state.pml"
#include "kernel.pml"
#include "reaper.pml"
#include "steps.pml"
#include "recovery.pml"
#include "supervisor.pml"
#include "fate.pml"
