// Programs with one vice each, for `foster init` to run: this test program with `--actor NAME …`.
#pragma once

namespace foster::reaper::testing {

inline constexpr const char* kActorOption = "--actor";

///   leave_zombies N      makes an orphaned parent of N dead children, tells "dead" on stdout, waits for a byte on
///                        stdin, and ends it: all N become zombies of the subreaper at once
///   orphan PIPE MODE     leaves a daemon in a session of its own behind, which holds descriptor PIPE open;
///                        MODE stubborn: it ignores SIGTERM
///   foreground           exits 0 if its group is in the foreground of the terminal on stdin
///   count_signal PIPE    a worker and its parent in one group write "w" and "p" to PIPE on SIGUSR1, the parent ends
///                        with 7 on SIGTERM; "r" once both are ready
int actor_main(int argc, char** argv);

}  // namespace foster::reaper::testing
