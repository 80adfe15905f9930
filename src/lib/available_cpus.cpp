#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include <foster/available_cpus.hpp>
#include "sys/cpu_quota.hpp"

namespace foster {
namespace {

/// How many the affinity mask holds. The kernel refuses a mask that is shorter than its own, whose size nobody tells.
std::optional<unsigned> allowed_cpus() {
  constexpr std::size_t kMost = 1 << 20;
  for (std::size_t size = 1024; size <= kMost; size *= 2) {
    cpu_set_t* set = CPU_ALLOC(size);
    if (set == nullptr) return std::nullopt;
    const std::size_t bytes = CPU_ALLOC_SIZE(size);
    const int failed = ::sched_getaffinity(0, bytes, set) == 0 ? 0 : errno;
    const int count = failed == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (failed == 0) return static_cast<unsigned>(count);
    if (failed != EINVAL) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

unsigned available_cpus() {
  unsigned cpus = allowed_cpus().value_or(1);
  if (const auto quota = sys::own_cpu_quota(); quota && *quota < cpus) cpus = static_cast<unsigned>(std::ceil(*quota));
  return std::max(cpus, 1U);
}

}  // namespace foster
