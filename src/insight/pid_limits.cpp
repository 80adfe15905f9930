#include "insight/pid_limits.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "sys/cgroup.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace foster::insight {
namespace {

std::optional<std::uint64_t> number_at(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;  // "max" is no limit
  return number;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const auto text = sys::read_file(path);
  return text ? number_at(*text) : std::nullopt;
}

/// "0.20 0.18 0.12 1/80 11206": the number behind the slash counts all threads of the kernel.
std::optional<std::uint64_t> all_threads() {
  const auto text = sys::read_file("/proc/loadavg");
  if (!text) return std::nullopt;
  const auto slash = text->find('/');
  return slash == std::string::npos ? std::nullopt : number_at(std::string_view(*text).substr(slash + 1));
}

void add_kernel_wide(std::vector<PidLimit>& limits) {
  const auto used = all_threads();
  if (!used) return;
  for (const auto& [rule, path] : {std::pair("kernel.pid_max", "/proc/sys/kernel/pid_max"),
                                   std::pair("kernel.threads-max", "/proc/sys/kernel/threads-max")}) {
    if (const auto limit = number_in(path)) limits.push_back({rule, *limit, *used});
  }
}

/// A group's limit holds for all groups below it, so every one on the way up counts.
void add_cgroups(std::vector<PidLimit>& limits) {
  const auto mounts = sys::read_file("/proc/self/mountinfo");
  const auto mount = mounts ? sys::parse_cgroup_mount(*mounts) : std::nullopt;
  auto group = sys::read_cgroup(Pid(::getpid()));
  while (mount && group && group->size() > 1) {
    const auto directory = sys::cgroup_directory(*mount, *group);
    if (!directory) return;
    const auto limit = number_in(*directory + "/pids.max");
    const auto used = number_in(*directory + "/pids.current");
    if (limit && used) limits.push_back({"pids.max of " + *group, *limit, *used});
    group->erase(std::max<std::size_t>(group->rfind('/'), 1));
  }
}

/// The limit does not hold for root.
void add_user(std::vector<PidLimit>& limits, const ProcessTable& table) {
  struct rlimit own{};
  if (::geteuid() == 0 || ::getrlimit(RLIMIT_NPROC, &own) != 0 || own.rlim_cur == RLIM_INFINITY) return;
  std::uint64_t used = 0;
  for (const Process& process : table.processes()) {
    if (process.user == ::geteuid()) used += static_cast<std::uint64_t>(std::max<std::int64_t>(process.threads, 1));
  }
  limits.push_back({fmt::format("RLIMIT_NPROC of user {}", ::geteuid()), own.rlim_cur, used});
}

}  // namespace

std::vector<PidLimit> read_pid_limits(const ProcessTable& table) {
  std::vector<PidLimit> limits;
  add_kernel_wide(limits);
  add_cgroups(limits);
  add_user(limits, table);
  std::ranges::stable_sort(limits, [](const PidLimit& a, const PidLimit& b) {
    return static_cast<double>(a.used) * static_cast<double>(b.limit) >
           static_cast<double>(b.used) * static_cast<double>(a.limit);
  });
  return limits;
}

}  // namespace foster::insight
