#include "sys/open_files.hpp"

#include <fcntl.h>

#include <algorithm>

#include <foster/fd.hpp>

namespace foster::sys {
namespace {

// A thousand services with a log, a pipe and a pidfd each, and more.
constexpr rlim_t kPlaces = 8192;

void grow_table(rlim_t limit) noexcept {
  const UniqueFd any(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  // A number that is taken is no obstacle: it shows that the table is large already.
  const int last = ::fcntl(any.get(), F_DUPFD_CLOEXEC, static_cast<int>(std::min(limit, kPlaces)) - 1);
  const UniqueFd there(last);
}

}  // namespace

rlimit make_room_for_files() noexcept {
  rlimit found{};
  (void)::getrlimit(RLIMIT_NOFILE, &found);  // cannot fail
  rlimit raised = found;
  raised.rlim_cur = raised.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &raised);  // up to the hard limit it cannot be refused
  grow_table(raised.rlim_cur);
  return found;
}

}  // namespace foster::sys
