#include <foster/prefork_worker.hpp>

#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <csignal>

#include "lib/worker_self.hpp"
#include "lib/worker_words.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"

namespace foster {
namespace {

constexpr int kNoTask = -1;
std::atomic<int> own_task{kNoTask};

// What the handler may touch.
std::atomic<bool> was_asked_to_stop{false};
std::atomic<int> stop_event{-1};

void add_one(int event_fd) noexcept {
  const std::uint64_t one = 1;
  (void)!::write(event_fd, &one, sizeof one);  // full is as good: the reader will look
}

void note_stop(int) noexcept {
  const int kept = errno;
  was_asked_to_stop.store(true);
  add_one(stop_event.load());
  errno = kept;
}

/// Without SA_RESTART: a worker that waits in accept is to come back and ask.
void catch_stop(int stop_fd, int stop_signal) noexcept {
  if (stop_event.exchange(stop_fd) == stop_fd) return;
  struct sigaction action{};
  action.sa_handler = note_stop;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : {stop_signal, SIGINT}) (void)::sigaction(signal, &action, nullptr);  // SIGKILL is refused
}

}  // namespace

BorrowedFd Worker::listener(std::size_t which) const noexcept {
  assert(which < listeners_.size());
  return BorrowedFd(listeners_[which]);
}

void Worker::ready() noexcept {
  beat();
  if (!words_->is_ready.exchange(true)) add_one(wake_fd_);
}

void Worker::beat() noexcept {
  words_->last_beat.store(sys::monotonic_now().count(), std::memory_order_relaxed);
}

bool Worker::should_stop() noexcept {
  catch_stop(stop_fd_, stop_signal_);
  return was_asked_to_stop.load();
}

BorrowedFd Worker::stop_fd() noexcept {
  catch_stop(stop_fd_, stop_signal_);
  return BorrowedFd(stop_fd_);
}

Result<> Worker::tie_to_master() noexcept {
  if (auto tied = sys::check_done(::prctl(PR_SET_PDEATHSIG, SIGKILL), "tie to master"); !tied) return tied;
  // It may have gone before the tie was there.
  if (::getppid() != master_.number()) return failure("tie to master", ESRCH);
  return {};
}

std::optional<unsigned> task_id() noexcept {
  const int task = own_task.load();
  if (task == kNoTask) return std::nullopt;
  return static_cast<unsigned>(task);
}

void set_own_task(unsigned task) noexcept {
  own_task.store(static_cast<int>(task));
  was_asked_to_stop.store(false);
  stop_event.store(-1);
}

}  // namespace foster
