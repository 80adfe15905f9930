#include "sys/raw_clone.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sys/check.hpp"
#include "sys/facilities.hpp"
#include "sys/in_child.hpp"

namespace foster::sys {
namespace {

constexpr std::uint64_t kFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
// A name of our own: glibc's <sched.h> and the kernel's header do not agree on who declares it.
constexpr std::uint64_t kIntoCgroup = 0x200000000U;

/// As the kernel reads it since Linux 5.7.
struct Clone3Arguments {
  std::uint64_t flags;
  std::uint64_t pidfd;
  std::uint64_t child_tid;
  std::uint64_t parent_tid;
  std::uint64_t exit_signal;
  std::uint64_t stack;
  std::uint64_t stack_size;
  std::uint64_t tls;
  std::uint64_t set_tid;
  std::uint64_t set_tid_size;
  std::uint64_t cgroup;
};

std::uint64_t address(const void* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

/// Returns in the parent only: the child comes back from the system call on its new stack, where there is nothing
/// to return to, and calls `body`. The kernel keeps all other registers, so both still hold what they were given.
FOSTER_IN_CHILD long clone3_and_call(const Clone3Arguments& arguments, void (*body)(void*) noexcept,
                                     void* argument) noexcept {
#if defined(__x86_64__)
  long result = SYS_clone3;
  register auto child_body asm("r8") = body;
  register void* child_argument asm("r9") = argument;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "movq %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), "r"(child_body), "r"(child_argument)
      : "rcx", "r11", "cc", "memory");
  return result;
#elif defined(__aarch64__)
  register long number asm("x8") = SYS_clone3;
  register std::uint64_t result asm("x0") = address(&arguments);
  register std::size_t size asm("x1") = sizeof arguments;
  register auto child_body asm("x2") = body;
  register void* child_argument asm("x3") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x0, x3\n\t"
      "blr x2\n\t"
      "brk #1\n"
      "1:"
      : "+r"(result)
      : "r"(number), "r"(size), "r"(child_body), "r"(child_argument)
      : "cc", "memory");
  return static_cast<long>(result);
#else
  (void)arguments, (void)body, (void)argument;
  return -ENOSYS;
#endif
}

CloneOutcome clone_by_clone3(const CloneRequest& request, std::byte* stack_bottom) noexcept {
  int pidfd = -1;
  Clone3Arguments arguments{};
  arguments.flags = kFlags | request.flags;
  arguments.pidfd = address(&pidfd);
  arguments.exit_signal = static_cast<std::uint64_t>(request.exit_signal);
  arguments.stack = address(stack_bottom);
  arguments.stack_size = ChildStack::kSize;
  if (request.cgroup_fd >= 0) {
    arguments.flags |= kIntoCgroup;
    arguments.cgroup = static_cast<std::uint64_t>(request.cgroup_fd);
  }
  const long result = clone3_and_call(arguments, request.body, request.argument);
  if (result < 0) return {-1, static_cast<int>(-result), UniqueFd()};
  return {static_cast<pid_t>(result), 0, UniqueFd(pidfd)};
}

// glibc's clone wants an int back from a body that never returns.
FOSTER_IN_CHILD int call_body(void* request) noexcept {
  const auto& wanted = *static_cast<const CloneRequest*>(request);
  wanted.body(wanted.argument);
  return 0;
}

CloneOutcome clone_by_clone(const CloneRequest& request, std::byte* stack_bottom) noexcept {
  int pidfd = -1;
  const int flags = static_cast<int>(kFlags | request.flags) | request.exit_signal;
  // The pidfd comes where a thread's id would; the child reads the request from our frame, which waits for it.
  const pid_t pid = ::clone(call_body, stack_bottom + ChildStack::kSize, flags, const_cast<CloneRequest*>(&request),
                            &pidfd, nullptr, nullptr);
  if (pid < 0) return {-1, errno, UniqueFd()};
  return {pid, 0, UniqueFd(pidfd)};
}

std::size_t guard_size() noexcept {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ChildStack::~ChildStack() {
  if (mapping_ != nullptr) (void)::munmap(mapping_, guard_size() + kSize);
}

Result<std::byte*> ChildStack::bottom() {
  if (mapping_ == nullptr) {
    void* mapping =
        ::mmap(nullptr, guard_size() + kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED) return failure("map stack", errno);
    mapping_ = static_cast<std::byte*>(mapping);
    if (auto guarded = check_done(::mprotect(mapping, guard_size(), PROT_NONE), "guard stack"); !guarded) {
      return Failure(guarded.error());
    }
  }
  return mapping_ + guard_size();
}

ChildStack& ChildStack::of_this_thread() noexcept {
  thread_local ChildStack stack;
  return stack;
}

CloneOutcome clone_child(const CloneRequest& request, std::byte* stack_bottom) noexcept {
  const bool into_cgroup = request.cgroup_fd >= 0;
  // clone3 first: glibc's clone is replaced by the thread sanitizer's, which takes our child for a fork.
  if (facility_allowed(Facility::clone3)) {
    CloneOutcome outcome = clone_by_clone3(request, stack_bottom);
    const bool is_forbidden = outcome.error == ENOSYS || outcome.error == EPERM;
    if (outcome.pid > 0 || into_cgroup || !is_forbidden) return outcome;
  } else if (into_cgroup) {
    return {-1, ENOSYS, UniqueFd()};
  }
  return clone_by_clone(request, stack_bottom);
}

}  // namespace foster::sys
