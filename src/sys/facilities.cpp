#include "sys/facilities.hpp"

#include <array>
#include <atomic>
#include <cstdlib>

namespace foster::sys {
namespace {

constexpr std::array kAll{
    Facility::clone3,      Facility::clone_into_cgroup,
    Facility::close_range, Facility::pidfd_exit_info,
    Facility::pidfs_inode, Facility::cgroup,
    Facility::cgroup_kill, Facility::splice,
    Facility::openat2,     Facility::proc_connector,
};

constexpr unsigned bit(Facility facility) noexcept {
  return 1U << static_cast<unsigned>(facility);
}

unsigned parse(std::string_view words) noexcept {
  unsigned forbidden = 0;
  while (!words.empty()) {
    const auto comma = words.find(',');
    const std::string_view word = words.substr(0, comma);
    for (const Facility facility : kAll) {
      if (name(facility) == word) forbidden |= bit(facility);
    }
    words = comma == std::string_view::npos ? std::string_view{} : words.substr(comma + 1);
  }
  return forbidden;
}

std::atomic<unsigned>& forbidden() noexcept {
  static std::atomic<unsigned> mask{[] {
    const char* value = ::secure_getenv("FOSTER_WITHOUT");
    return value == nullptr ? 0U : parse(value);
  }()};
  return mask;
}

}  // namespace

std::string_view name(Facility facility) noexcept {
  switch (facility) {
    case Facility::clone3:
      return "clone3";
    case Facility::clone_into_cgroup:
      return "clone_into_cgroup";
    case Facility::close_range:
      return "close_range";
    case Facility::pidfd_exit_info:
      return "pidfd_exit_info";
    case Facility::pidfs_inode:
      return "pidfs_inode";
    case Facility::cgroup:
      return "cgroup";
    case Facility::cgroup_kill:
      return "cgroup_kill";
    case Facility::splice:
      return "splice";
    case Facility::openat2:
      return "openat2";
    case Facility::proc_connector:
      return "proc_connector";
  }
  return "";
}

bool facility_allowed(Facility facility) noexcept {
  return (forbidden().load(std::memory_order_relaxed) & bit(facility)) == 0;
}

void forbid_facilities_for_testing(std::string_view without) noexcept {
  forbidden().store(parse(without), std::memory_order_relaxed);
}

}  // namespace foster::sys
