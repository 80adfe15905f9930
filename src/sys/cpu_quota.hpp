// The processor quota of a cgroup, v2 (cpu.max) or v1 (cpu.cfs_quota_us): parsers that are pure, and the walk upwards.
// Looking for the number to use? foster/available_cpus.hpp
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace foster::sys {

/// Processors' worth of time: quota by period. Empty: no limit, or no such text.
using CpuQuota = std::optional<double>;

/// From the text of cpu.max: "150000 100000" is 1.5, "max 100000" is no limit.
[[nodiscard]] CpuQuota parse_cpu_max(std::string_view text) noexcept;

/// From the texts of cpu.cfs_quota_us and cpu.cfs_period_us; a quota of -1 is no limit.
[[nodiscard]] CpuQuota parse_cfs_quota(std::string_view quota, std::string_view period) noexcept;

/// The group of a v1 controller in the text of /proc/PID/cgroup: "4:cpu,cpuacct:/docker/4f" gives "/docker/4f" for
/// "cpu". A view into `text`.
[[nodiscard]] std::optional<std::string_view> parse_cgroup_v1(std::string_view text,
                                                              std::string_view controller) noexcept;

/// The smallest quota of a group and of all above it, up to where its hierarchy is mounted.
/// @param mount_point An ancestor of `group`, or the same.
[[nodiscard]] CpuQuota smallest_quota(const std::string& mount_point, std::string group);

/// Of this process, as far as /proc and /sys tell. Where both versions are mounted, both are asked.
[[nodiscard]] CpuQuota own_cpu_quota();

}  // namespace foster::sys
