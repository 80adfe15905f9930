// The few words a worker shares with its master: written by one, read by the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <foster/result.hpp>

namespace foster {

/// In memory that both processes have mapped.
struct WorkerWords {
  std::atomic<std::int64_t> last_beat{0};  ///< Nanoseconds of CLOCK_MONOTONIC; 0 before the first.
  std::atomic<bool> is_ready{false};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

/// A page of its own for each worker, so that none can write what another says. Unmapped in the process that destroys
/// it; the other one keeps its view.
class SharedWords {
 public:
  /// @errors `ENOMEM`.
  [[nodiscard]] static Result<SharedWords> make();

  SharedWords(SharedWords&& other) noexcept : words_(std::exchange(other.words_, nullptr)) {}
  SharedWords& operator=(SharedWords&& other) noexcept {
    std::swap(words_, other.words_);
    return *this;
  }
  SharedWords(const SharedWords&) = delete;
  SharedWords& operator=(const SharedWords&) = delete;
  ~SharedWords();

  [[nodiscard]] WorkerWords& operator*() const noexcept { return *words_; }
  [[nodiscard]] WorkerWords* operator->() const noexcept { return words_; }

 private:
  explicit SharedWords(WorkerWords* words) noexcept : words_(words) {}

  WorkerWords* words_;
};

}  // namespace foster
