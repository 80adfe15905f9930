#include "sys/pidfd_info.hpp"

#include <sys/ioctl.h>

#include <cstdint>

#include "sys/facilities.hpp"

namespace foster::sys {
namespace {

// As Linux 6.13 published it; later fields come after these.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::uint32_t ids[11];
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);

constexpr std::uint64_t kExitIsKnown = 1U << 3;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);

}  // namespace

std::optional<int> wait_status_after_reaping(BorrowedFd pidfd) noexcept {
  if (!facility_allowed(Facility::pidfd_exit_info)) return std::nullopt;
  PidfdInfo info{};
  info.mask = kExitIsKnown;
  if (::ioctl(pidfd.get(), kGetInfo, &info) != 0 || (info.mask & kExitIsKnown) == 0) return std::nullopt;
  return info.exit_code;
}

}  // namespace foster::sys
