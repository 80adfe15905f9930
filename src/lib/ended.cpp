#include <cstdint>

#include "lib/child_state.hpp"
#include "sys/pidfd_info.hpp"

namespace foster {
namespace {

std::chrono::microseconds duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

ResourceUse resource_use_from(const struct rusage& usage) {
  const auto count = [](long number) { return static_cast<std::uint64_t>(number); };
  return {.user_time = duration(usage.ru_utime),
          .system_time = duration(usage.ru_stime),
          .most_resident_bytes = count(usage.ru_maxrss) * 1024,
          .minor_faults = count(usage.ru_minflt),
          .major_faults = count(usage.ru_majflt),
          .blocks_read = count(usage.ru_inblock),
          .blocks_written = count(usage.ru_oublock),
          .voluntary_switches = count(usage.ru_nvcsw),
          .involuntary_switches = count(usage.ru_nivcsw)};
}

}  // namespace

Ended ended_from(const sys::ExitReport& report) {
  return {exit_status_from_wait(report.wait_status), resource_use_from(report.usage)};
}

Ended ended_elsewhere(BorrowedFd pidfd) {
  const auto wait_status = sys::wait_status_after_reaping(pidfd);
  return {wait_status ? exit_status_from_wait(*wait_status) : ExitStatus(ExitUnknown{}), {}};
}

}  // namespace foster
