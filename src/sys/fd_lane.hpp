// A few low descriptor numbers kept free, so that a process with thousands of open files starts a child as fast as
// one with a handful. Looking for how to start one? sys/clone.hpp
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::sys {

/// A clone copies the table of descriptors, and the child closes the copies: both cost the more the more are open.
/// With a lane the child shares the table at first, and then takes a copy of its lowest part only, where the
/// descriptors of its plan have been laid for it. Reserve it early, while low numbers are free, and keep it.
///
/// @threads One spawn at a time.
class FdLane {
 public:
  /// A plan with more descriptors goes without the lane.
  static constexpr std::size_t kWidth = 8;

  /// @errors `EMFILE`, `ENFILE`; `ENOENT` no /dev/null.
  [[nodiscard]] static Result<FdLane> reserve();

  /// One more than the highest number of the lane; everything below it is copied.
  [[nodiscard]] int end() const noexcept { return end_; }

  /// Descriptors laid into the lane while this lives.
  class [[nodiscard]] Load {
   public:
    Load(FdLane& lane, std::size_t size) noexcept : lane_(&lane), size_(size) {}
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Makes the number at this place mean the same file as `source`. @errors `EBADF`.
    [[nodiscard]] Result<int> lay(std::size_t place, BorrowedFd source) noexcept;

   private:
    FdLane* lane_;
    std::size_t size_;
  };

 private:
  FdLane() noexcept = default;

  UniqueFd null_;
  std::array<UniqueFd, kWidth> places_;
  int end_ = 0;
};

}  // namespace foster::sys
