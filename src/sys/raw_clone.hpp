// The clone system calls themselves, with a stack for the child. Only sys/clone.cpp may include this.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::sys {

/// What a vfork child runs on, with an unmapped page below. One is enough for a thread: its owner sleeps while it
/// is in use.
class ChildStack {
 public:
  static constexpr std::size_t kSize = 64 * 1024;

  ChildStack() noexcept = default;
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  ~ChildStack();

  /// Maps it at the first call. @errors `ENOMEM`.
  [[nodiscard]] Result<std::byte*> bottom();

  /// This thread's.
  [[nodiscard]] static ChildStack& of_this_thread() noexcept;

 private:
  std::byte* mapping_ = nullptr;
};

struct CloneRequest {
  std::uint64_t flags;  ///< CLONE_VM, CLONE_VFORK and CLONE_PIDFD are added.
  int exit_signal;      ///< 0 with CLONE_PARENT: the parent's own is inherited.
  int cgroup_fd = -1;   ///< For CLONE_INTO_CGROUP, which is set when this is.
  void (*body)(void*) noexcept;
  void* argument;
};

struct CloneOutcome {
  pid_t pid = -1;  ///< -1: no child was made, and `error` says why.
  int error = 0;
  UniqueFd pidfd;
};

/// Clones, and sleeps until the child has called exec or has ended. `body` must not return. By clone3 where this
/// program can call it and the kernel lets it, otherwise by clone; into a cgroup by clone3 alone, or ENOSYS.
[[nodiscard]] CloneOutcome clone_child(const CloneRequest& request, std::byte* stack_bottom) noexcept;

}  // namespace foster::sys
