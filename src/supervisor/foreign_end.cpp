#include "supervisor/foreign_end.hpp"

#include <utility>

#include "sys/clock.hpp"
#include "sys/pidfd_info.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

// The parent may take its time, and until then the kernel tells nobody else. Not for ever: a restart waits for it.
constexpr auto kPause = 20ms;
constexpr unsigned kMostLooks = 50;

bool is_zombie(const sys::ProcessIdentity& identity) {
  const auto stat = sys::read_stat(Pid(identity.pid));
  return stat && stat->starttime == identity.start_time && (stat->state == 'Z' || stat->state == 'X');
}

}  // namespace

ExitStatus status_of_ended(const sys::ProcessHandle& process) {
  const auto told = sys::wait_status_after_reaping(process.fd());
  return told ? exit_status_from_wait(*told) : ExitStatus(ExitUnknown{});
}

ForeignEnd::ForeignEnd(Loop& loop, const sys::ProcessHandle& process, Done done)
    : process_(process), done_(std::move(done)), again_(loop, [this] { look(); }) {
  (void)process_.identity();  // its start time, while it can be read
  watch_.emplace(loop, process_.fd(), [this] { look(); });
}

void ForeignEnd::look() {
  watch_.reset();
  if (is_zombie(process_.identity()) && ++looks_ < kMostLooks) {
    again_.arm(core::Instant(sys::monotonic_now() + kPause));
    return;
  }
  const ExitStatus status = status_of_ended(process_);
  auto done = std::move(done_);
  done(status);
}

}  // namespace foster::supervisor
