// What has to be seen to before a process makes a copy of itself that is to go on with the same program.
#pragma once

#include <foster/result.hpp>

namespace foster {

/// A fork copies one thread, and the locks of all: with a second one running, the copy may wait for ever in malloc.
/// Without /proc nobody can tell, and the caller is believed.
/// @errors `EBUSY`, with `step`.
[[nodiscard]] Result<> check_single_thread(const char* step);

/// An epoll or io_uring descriptor would be one and the same in both processes.
/// @errors `EBUSY`, with `step`; the detail names the descriptor. Without /proc the caller is believed.
[[nodiscard]] Result<> check_no_event_loop(const char* step);

/// Makes a standard stream that is closed /dev/null: the next descriptor to be opened would take its number, and what
/// the program prints would go there.
/// @errors Those of open(2).
[[nodiscard]] Result<> fill_standard_streams();

/// What is in a buffer at a fork would come out of both processes, and at an exec of none.
void flush_streams();

}  // namespace foster
