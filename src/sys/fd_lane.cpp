#include "sys/fd_lane.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

#include "sys/check.hpp"

namespace foster::sys {

Result<FdLane> FdLane::reserve() {
  auto null = check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null");
  if (!null) return Failure(null.error());
  FdLane lane;
  lane.null_.reset(*null);
  for (UniqueFd& place : lane.places_) {
    auto number = check(::fcntl(lane.null_.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "reserve descriptor");
    if (!number) return Failure(number.error());
    place.reset(*number);
    lane.end_ = std::max(lane.end_, *number + 1);
  }
  return lane;
}

Result<int> FdLane::Load::lay(std::size_t place, BorrowedFd source) noexcept {
  assert(place < size_);
  return check(::dup3(source.get(), lane_->places_[place].get(), O_CLOEXEC), "descriptor");
}

FdLane::Load::~Load() {
  // A pipe must not stay open because its end once lay here.
  for (std::size_t i = 0; i < size_; ++i) (void)::dup3(lane_->null_.get(), lane_->places_[i].get(), O_CLOEXEC);
}

}  // namespace foster::sys
