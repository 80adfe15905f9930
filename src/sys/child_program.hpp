// Everything that runs between clone and exec, in one place. The child shares its parent's memory and runs on a
// stack of its own: it may only make async-signal-safe system calls, on plain data that was prepared before the
// clone. Only sys/clone.cpp may include this. Looking for how to start a process? sys/clone.hpp
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "sys/child_step.hpp"
#include "sys/close_fds.hpp"

namespace foster::sys {

/// One descriptor of the new program.
struct ChildFd {
  int source;
  int target;
  int moved;  ///< Where `source` is when its turn comes; the child's own note.
};

struct ChildLimit {
  int resource;
  struct rlimit64 value;
};

/// An array that somebody else owns.
template <class Element>
struct ChildArray {
  Element* data = nullptr;
  std::size_t size = 0;
};

/// A value, or the step is left out.
template <class Value>
struct ChildOption {
  bool wanted = false;
  Value value{};
};

/// What the child does, in the order of the members. Plain data with a trivial destructor: it lives in the
/// parent, which sleeps until the child has called exec or has ended.
struct ChildPlan {
  std::atomic<std::uint64_t>* claim_word = nullptr;
  std::uint64_t claim_expected = 0;

  std::uint64_t changed_signals = ~std::uint64_t{0};  ///< Bit n - 1 is signal n; reset if they can be.
  std::uint64_t ignored_signals = 0;

  SessionMode session = SessionMode::keep;
  int cgroup_procs_fd = -1;  ///< An open cgroup.procs, where the clone itself did not choose the cgroup.
  ChildOption<int> nice;
  ChildOption<mode_t> umask;

  int unshare_from = -1;  ///< The table of descriptors is the parent's own; below this number it becomes a copy.
  ChildArray<ChildFd> fds;
  int highest_target = -1;
  ChildArray<const int> kept_fds;  ///< Sorted, from 3 up; all others are closed.
  bool close_others = false;
  CloseBy close_by = CloseBy::close_range;

  ChildArray<const ChildLimit> limits;  ///< After the descriptors, whose numbers a lower limit may not allow.

  ChildArray<const gid_t> groups;
  bool set_groups = false;
  ChildOption<gid_t> gid;
  ChildOption<uid_t> uid;

  int parent_death_signal = 0;
  pid_t expected_parent = 0;
  bool no_new_privileges = false;
  const char* directory = nullptr;

  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;

  ChildFailure failure;  ///< Written by the child when a step failed.
};
static_assert(std::is_trivially_destructible_v<ChildPlan>);

/// The body of the child. Starts with every signal blocked; ends in the new program or with exit code 127 and
/// `failure` filled in.
/// @signal_safe
[[noreturn]] void run_child_program(ChildPlan& plan) noexcept;

}  // namespace foster::sys
