#include "sys/cpu_quota.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "sys/cgroup.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace foster::sys {
namespace {

std::string_view first_word(std::string_view& text) noexcept {
  const auto word = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

std::optional<std::int64_t> whole_number(std::string_view word) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

CpuQuota ratio(std::string_view quota, std::string_view period) noexcept {
  const auto used = whole_number(quota);
  const auto whole = whole_number(period);
  if (!used || !whole || *used <= 0 || *whole <= 0) return std::nullopt;
  return static_cast<double>(*used) / static_cast<double>(*whole);
}

CpuQuota smaller(CpuQuota one, CpuQuota other) noexcept {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

/// A group has the files of one version only; a file that is not there does not limit.
CpuQuota quota_of_group(const std::string& directory) {
  if (const auto text = read_file(directory + "/cpu.max")) return parse_cpu_max(*text);
  const auto quota = read_file(directory + "/cpu.cfs_quota_us");
  const auto period = read_file(directory + "/cpu.cfs_period_us");
  return quota && period ? parse_cfs_quota(*quota, *period) : std::nullopt;
}

CpuQuota quota_in(const std::optional<CgroupMount>& mount, std::optional<std::string_view> group) {
  if (!mount || !group) return std::nullopt;
  // Outside of what is mounted, as in a container that shares the host's /proc/self/cgroup, the root of the mount is
  // the group we are in.
  return smallest_quota(mount->mount_point, cgroup_directory(*mount, *group).value_or(mount->mount_point));
}

}  // namespace

CpuQuota parse_cpu_max(std::string_view text) noexcept {
  const auto quota = first_word(text);
  return ratio(quota, first_word(text));
}

CpuQuota parse_cfs_quota(std::string_view quota, std::string_view period) noexcept {
  return ratio(first_word(quota), first_word(period));
}

std::optional<std::string_view> parse_cgroup_v1(std::string_view text, std::string_view controller) noexcept {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    std::string_view controllers = line.substr(first + 1, second - first - 1);
    while (!controllers.empty()) {
      const auto name = controllers.substr(0, controllers.find(','));
      if (name == controller) return line.substr(second + 1);
      controllers.remove_prefix(std::min(name.size() + 1, controllers.size()));
    }
  }
  return std::nullopt;
}

CpuQuota smallest_quota(const std::string& mount_point, std::string group) {
  CpuQuota quota;
  while (group.size() >= mount_point.size()) {
    quota = smaller(quota, quota_of_group(group));
    const auto slash = group.rfind('/');
    if (slash == std::string::npos) break;
    group.resize(slash);
  }
  return quota;
}

CpuQuota own_cpu_quota() {
  const auto mounts = read_file("/proc/self/mountinfo", 4 << 20);
  const auto groups = read_file("/proc/self/cgroup");
  if (!mounts || !groups) return std::nullopt;
  return smaller(quota_in(parse_cgroup_mount(*mounts), parse_cgroup(*groups)),
                 quota_in(parse_cgroup_mount(*mounts, "cpu"), parse_cgroup_v1(*groups, "cpu")));
}

}  // namespace foster::sys
