#include "lib/abandoned_children.hpp"

#include <fcntl.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "sys/wait.hpp"

namespace foster {
namespace {

struct Abandoned {
  std::mutex mutex;
  std::vector<UniqueFd> pidfds;
  std::atomic<std::size_t> count = 0;
};

// Never destroyed: a Child may be, after main.
Abandoned& abandoned() noexcept {
  static auto& all = *new Abandoned;
  return all;
}

}  // namespace

void abandon_child(BorrowedFd pidfd) noexcept {
  UniqueFd copy(::fcntl(pidfd.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return;  // no descriptor left: nothing can be done for this one
  Abandoned& all = abandoned();
  const std::scoped_lock lock(all.mutex);
  all.pidfds.push_back(std::move(copy));
  all.count = all.pidfds.size();
}

void reap_abandoned_children() noexcept {
  Abandoned& all = abandoned();
  if (all.count == 0) return;
  const std::scoped_lock lock(all.mutex);
  std::erase_if(all.pidfds,
                [](const UniqueFd& pidfd) { return sys::release_exit(pidfd).state != sys::ChildExit::State::running; });
  all.count = all.pidfds.size();
}

}  // namespace foster
