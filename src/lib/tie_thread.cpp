#include "lib/tie_thread.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "sys/signals.hpp"

namespace foster {
namespace {

/// Virtual; only what is touched costs memory. A program with much thread-local storage may need more.
constexpr std::size_t kStackSize = 256 * 1024;

struct Job {
  const sys::SpawnRequest& request;
  std::optional<Result<sys::Spawned>> outcome = {};
};

class TieThread {
 public:
  TieThread() noexcept : process_(::getpid()) {}

  [[nodiscard]] bool is_of_this_process() const noexcept { return process_ == ::getpid(); }

  Result<sys::Spawned> spawn(const sys::SpawnRequest& request) {
    std::unique_lock lock(mutex_);
    if (auto started = start(); !started) return Failure(started.error());
    Job job{request};
    jobs_.push_back(&job);
    work_.notify_one();
    done_.wait(lock, [&] { return job.outcome.has_value(); });
    return std::move(*job.outcome);
  }

 private:
  Result<> start() {
    if (is_started_) return {};
    const sys::ScopedSignalMask blocked;  // inherited: no handler of the program's ever runs in it
    pthread_t thread{};
    int error = create(thread, kStackSize);
    if (error == EINVAL) error = create(thread, std::nullopt);
    if (error != 0) return failure("tie thread", error);
    (void)::pthread_detach(thread);
    is_started_ = true;
    return {};
  }

  int create(pthread_t& thread, std::optional<std::size_t> stack_size) {
    pthread_attr_t attributes;
    if (const int error = ::pthread_attr_init(&attributes); error != 0) return error;
    if (stack_size) (void)::pthread_attr_setstacksize(&attributes, *stack_size);
    const auto body = [](void* self) -> void* { static_cast<TieThread*>(self)->run(); };
    const int error = ::pthread_create(&thread, &attributes, body, this);
    (void)::pthread_attr_destroy(&attributes);
    return error;
  }

  [[noreturn]] void run() {
    (void)::pthread_setname_np(::pthread_self(), "foster-tie");
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return !jobs_.empty(); });
      Job& job = *jobs_.front();
      jobs_.pop_front();
      lock.unlock();
      auto outcome = sys::spawn(job.request);
      lock.lock();
      job.outcome = std::move(outcome);
      done_.notify_all();
    }
  }

  const pid_t process_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Job*> jobs_;
  bool is_started_ = false;
};

/// This process's own: a forked copy has no such thread, and perhaps a lock that nobody will ever let go of. Never
/// destroyed, since the thread never ends.
TieThread& tie_thread() {
  static std::atomic<TieThread*> current{nullptr};
  TieThread* found = current.load();
  while (found == nullptr || !found->is_of_this_process()) {
    auto fresh = std::make_unique<TieThread>();
    if (current.compare_exchange_strong(found, fresh.get())) return *fresh.release();
  }
  return *found;
}

}  // namespace

Result<sys::Spawned> spawn_from_tie_thread(const sys::SpawnRequest& request) {
  return tie_thread().spawn(request);
}

}  // namespace foster
