// The children of the calling process, one after the other, without heap: for processes whose work is to leave nobody
// behind.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "sys/procfs.hpp"

namespace foster::sys {

/// Whether /proc shows this pid namespace: otherwise its numbers are other processes'.
[[nodiscard]] inline bool proc_is_ours() noexcept {
  std::array<char, 16> text{};
  const ssize_t size = ::readlink("/proc/self", text.data(), text.size() - 1);
  return size > 0 && std::atoi(text.data()) == ::getpid();
}

/// Visits the stat of every child of ours, zombies included. A child's pid stays its own until it is reaped here, so
/// that it may be signalled by number in between.
template <class Visit>
void for_each_child(Visit visit) noexcept {
  if (!proc_is_ours()) return;
  const pid_t self = ::getpid();
  PidDirectory all;
  while (const std::optional<Pid> pid = all.next()) {
    const std::optional<ProcessStat> stat = read_stat(*pid);
    if (stat && stat->ppid == self) visit(*stat);
  }
}

}  // namespace foster::sys
