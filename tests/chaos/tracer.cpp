#include "tracer.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <new>
#include <set>
#include <stdexcept>

#include "sandbox.hpp"

namespace foster::chaos {

struct Tracer::Shared {
  std::atomic<int> state = 0;  ///< 0: attaching, 1: attached, -n: errno n.
  std::atomic<bool> is_done = false;
  std::atomic<std::uint64_t> moments = 0;
  std::atomic<long> call = -1;
  std::atomic<int> place = 0;  ///< 0 before a call, 1 after it, 2 at a clone.
  std::atomic<bool> is_in_child = false;
};

namespace {

constexpr long kOptions =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC;

volatile std::sig_atomic_t is_over = 0;

long trace(long request, pid_t tid, void* address, std::uintptr_t data) {
  return ::syscall(SYS_ptrace, request, tid, address, data);
}

/// What a call that fails once says; calls that are refused for such reasons only in dreams are left alone.
std::optional<int> plausible_error(long call) {
  switch (call) {
    case SYS_openat:
    case SYS_socket:
    case SYS_accept4:
    case SYS_epoll_create1:
    case SYS_eventfd2:
    case SYS_timerfd_create:
    case SYS_pidfd_open:
    case SYS_dup3:
    case SYS_pipe2:
    case SYS_signalfd4:
      return EMFILE;
    case SYS_mmap:
    case SYS_brk:
    case SYS_epoll_ctl:
    case SYS_mremap:
      return ENOMEM;
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_pwrite64:
    case SYS_splice:
      return ENOSPC;
    case SYS_read:
    case SYS_pread64:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_getdents64:
      return EIO;
    default:
      return std::nullopt;
  }
}

class Session {
 public:
  Session(const TracePlan& plan, std::atomic<std::uint64_t>& moments) : plan_(plan), moments_(moments) {}

  int attach() {
    const pid_t first = plan_.subject == TracePlan::Subject::supervisor ? plan_.supervisor : plan_.reaper;
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(first) + "/task", error)) {
      const auto tid = static_cast<pid_t>(std::stol(task.path().filename()));
      if (trace(PTRACE_SEIZE, tid, nullptr, kOptions) != 0) return errno;
      (void)trace(PTRACE_INTERRUPT, tid, nullptr, 0);
    }
    subject_ = plan_.subject == TracePlan::Subject::supervisor ? first : 0;
    return 0;
  }

  /// Until the deed is done, everybody has gone, or we are told to end.
  template <class Done>
  void follow(Done done) {
    if (plan_.subject == TracePlan::Subject::successor) ::kill(plan_.supervisor, SIGKILL);
    while (is_over == 0) {
      int status = 0;
      const pid_t tid = ::waitpid(-1, &status, __WALL);
      if (tid < 0 && errno == EINTR) continue;
      if (tid < 0) return;
      if (!WIFSTOPPED(status)) continue;
      step(tid, status, done);
    }
  }

 private:
  template <class Done>
  void step(pid_t tid, int status, Done& done) {
    const int event = status >> 16;
    const int signal = WSTOPSIG(status);
    // Of a birth, the child may be heard of long before its parent.
    if (subject_ == 0 && tid != plan_.reaper) subject_ = tid;
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
      unsigned long born = 0;
      (void)trace(PTRACE_GETEVENTMSG, tid, nullptr, reinterpret_cast<std::uintptr_t>(&born));
      if (tid == plan_.reaper) {
        subject_ = static_cast<pid_t>(born);
        (void)trace(PTRACE_DETACH, tid, nullptr, 0);
        return;
      }
      if (event != PTRACE_EVENT_CLONE) {
        children_.insert(static_cast<pid_t>(born));
        if (reached(2, SYS_clone, false, done)) return;
      }
    } else if (event == PTRACE_EVENT_EXEC && children_.erase(tid) != 0) {
      (void)trace(PTRACE_DETACH, tid, nullptr, 0);
      return;
    } else if (event == 0 && signal == (SIGTRAP | 0x80)) {
      if (at_call(tid, done)) return;
    } else if (event == 0 && signal != SIGTRAP) {
      (void)trace(PTRACE_SYSCALL, tid, nullptr, static_cast<std::uintptr_t>(signal));
      return;
    }
    (void)trace(PTRACE_SYSCALL, tid, nullptr, 0);
  }

  /// @return Whether this thread stays where it is.
  template <class Done>
  bool at_call(pid_t tid, Done& done) {
    if (subject_ == 0) return false;
    __ptrace_syscall_info info{};
    (void)trace(PTRACE_GET_SYSCALL_INFO, tid, reinterpret_cast<void*>(sizeof info),
                reinterpret_cast<std::uintptr_t>(&info));
    const bool is_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
    if (is_entry) call_ = static_cast<long>(info.entry.nr);
    if (plan_.deed == TracePlan::Deed::fail_call) {
      fail(tid, is_entry, done);
      return false;
    }
    return reached(is_entry ? 0 : 1, call_, children_.contains(tid), done);
  }

  template <class Done>
  bool reached(int place, long call, bool is_in_child, Done& done) {
    if (plan_.deed != TracePlan::Deed::kill || ++moments_ != plan_.moment) return false;
    ::kill(subject_, SIGKILL);
    done(place, call, is_in_child);
    // Whoever is not killed with it stays here until we end: a child on its way to its program.
    return true;
  }

  /// The call is not made, and says so.
  template <class Done>
  void fail([[maybe_unused]] pid_t tid, [[maybe_unused]] bool is_entry, [[maybe_unused]] Done& done) {
#if defined(__x86_64__)
    if (is_entry) {
      const auto error = plausible_error(call_);
      if (!error || ++moments_ != plan_.moment) return;
      failing_ = tid;
      error_ = *error;
      set_registers(tid, [](user_regs_struct& registers) { registers.orig_rax = ~0ULL; });
      done(0, call_, false);
    } else if (failing_ == tid) {
      failing_ = 0;
      set_registers(tid, [&](user_regs_struct& registers) {
        registers.rax = static_cast<unsigned long long>(-static_cast<long long>(error_));
      });
    }
#endif
  }

#if defined(__x86_64__)
  template <class Change>
  static void set_registers(pid_t tid, Change change) {
    user_regs_struct registers{};
    (void)trace(PTRACE_GETREGS, tid, nullptr, reinterpret_cast<std::uintptr_t>(&registers));
    change(registers);
    (void)trace(PTRACE_SETREGS, tid, nullptr, reinterpret_cast<std::uintptr_t>(&registers));
  }
#endif

  TracePlan plan_;
  std::atomic<std::uint64_t>& moments_;
  pid_t subject_ = 0;
  std::set<pid_t> children_;
  long call_ = -1;
  pid_t failing_ = 0;
  int error_ = 0;
};

}  // namespace

Tracer::Tracer(const TracePlan& plan) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("mmap");
  shared_ = new (memory) Shared;
  tracer_ = ::fork();
  if (tracer_ < 0) throw std::runtime_error("fork");
  if (tracer_ == 0) {
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct sigaction action{};
    action.sa_handler = [](int) { is_over = 1; };
    (void)::sigaction(SIGTERM, &action, nullptr);
    Session session(plan, shared_->moments);
    const int error = session.attach();
    shared_->state = error != 0 ? -error : 1;
    if (error != 0) ::_exit(1);
    session.follow([&](int place, long call, bool is_in_child) {
      shared_->place = place;
      shared_->call = call;
      shared_->is_in_child = is_in_child;
      shared_->is_done = true;
    });
    ::_exit(0);  // whatever is still held goes on
  }
  (void)wait_until([&] { return shared_->state != 0; }, 10s);
  if (shared_->state != 1) problem = std::string("ptrace: ") + std::strerror(-shared_->state);
}

Tracer::~Tracer() {
  (void)finish();
  ::munmap(shared_, sizeof(Shared));
}

bool Tracer::is_done() const {
  return shared_->is_done;
}

TraceResult Tracer::finish() {
  if (tracer_ != 0) {
    // Again and again: one that comes between a look at the flag and the wait is not seen.
    const bool is_gone = wait_until(
        [&] {
          ::kill(tracer_, SIGTERM);
          return Sandbox::state_of(tracer_).value_or('Z') == 'Z';
        },
        10s);
    if (!is_gone) ::kill(tracer_, SIGKILL);
    tracer_ = 0;
  }
  static constexpr const char* kPlaces[] = {"before", "after", "at the clone of"};
  return {.is_done = shared_->is_done,
          .moments = shared_->moments,
          .where = std::string(kPlaces[shared_->place]) + " call " + std::to_string(shared_->call) +
                   (shared_->is_in_child ? " of a child before its exec" : "")};
}

}  // namespace foster::chaos
