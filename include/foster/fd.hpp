// File descriptors: UniqueFd owns, BorrowedFd looks.
#pragma once

#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <utility>

namespace foster {

/// Owns one open descriptor, or none. Closing keeps `errno` and is not retried on EINTR: on Linux the
/// descriptor is gone either way (close(2)).
class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int number) noexcept : number_(number) {}
  UniqueFd(UniqueFd&& other) noexcept : number_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
  /// The number, for a system call; -1 when empty.
  [[nodiscard]] int get() const noexcept { return number_; }

  /// Gives the descriptor up: the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

  void reset(int number = -1) noexcept {
    if (const int old = std::exchange(number_, number); old >= 0) {
      const int kept = errno;
      (void)::close(old);  // nothing can be done about EIO here; who must know calls fsync first
      errno = kept;
    }
  }

 private:
  int number_ = -1;
};

/// Somebody else's open descriptor, valid as long as its owner.
class BorrowedFd {
 public:
  // Implicit: lending is what happens when an owner is passed to a function that only looks.
  BorrowedFd(const UniqueFd& owner) noexcept : number_(owner.get()) {}
  explicit BorrowedFd(int number) noexcept : number_(number) { assert(number >= 0); }

  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

}  // namespace foster
