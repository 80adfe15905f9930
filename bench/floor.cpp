#include "floor.hpp"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

namespace foster::bench {
namespace {

struct Child {
  char* const* argv;
};

int exec_child(void* argument) {
  const auto* child = static_cast<const Child*>(argument);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing outlives the measure
  ::execve(child->argv[0], child->argv, ::environ);
  ::_exit(127);
}

alignas(16) std::array<char, 65536> child_stack;

pid_t bare_spawn(char* const* argv, int* pidfd) {
  Child child{argv};
  return ::clone(exec_child, child_stack.data() + child_stack.size(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                 &child, pidfd);
}

struct Words {
  Words(std::vector<std::string> given) : texts(std::move(given)) {
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
  }
  std::vector<std::string> texts;
  std::vector<char*> pointers;
};

}  // namespace

void keep_up(std::size_t count, const std::string& report) {
  struct Service {
    Words words;
    int pidfd = -1;
  };
  std::vector<Service> services;
  for (std::size_t id = 0; id < count; ++id) services.push_back({Words({BENCH_SERVICE, report, std::to_string(id)})});
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto start = [&](std::size_t id) {
    Service& service = services[id];
    if (bare_spawn(service.words.pointers.data(), &service.pidfd) < 0) ::_exit(1);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = id}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, service.pidfd, &event);
  };
  for (std::size_t id = 0; id < count; ++id) start(id);
  for (;;) {
    epoll_event event{};
    if (::epoll_wait(epoll, &event, 1, -1) < 1) continue;
    const int pidfd = services[event.data.u64].pidfd;
    siginfo_t info;
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED);
    ::epoll_ctl(epoll, EPOLL_CTL_DEL, pidfd, nullptr);
    ::close(pidfd);
    start(event.data.u64);
  }
}

RestartLoop::RestartLoop(const Report& report) {
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  keep_up(1, report.path());
}

RestartLoop::~RestartLoop() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

double serial_spawns(std::size_t count) {
  Words words({BENCH_SERVICE, "exit"});
  const std::int64_t start = now();
  for (std::size_t n = 0; n < count; ++n) {
    int pidfd = -1;
    const pid_t pid = bare_spawn(words.pointers.data(), &pidfd);
    ::waitpid(pid, nullptr, 0);
    ::close(pidfd);
  }
  return static_cast<double>(now() - start) / 1e6;
}

namespace {

std::vector<pid_t> spawn_services(const Report& report, std::size_t count) {
  std::vector<pid_t> pids;
  for (std::size_t n = 0; n < count; ++n) {
    Words words({BENCH_SERVICE, report.path(), std::to_string(n)});
    int pidfd = -1;
    pids.push_back(bare_spawn(words.pointers.data(), &pidfd));
    ::close(pidfd);
  }
  return pids;
}

void end_all(const std::vector<pid_t>& pids, int signal) {
  for (const pid_t pid : pids) ::kill(pid, signal);
  for (const pid_t pid : pids) ::waitpid(pid, nullptr, 0);
}

}  // namespace

double bare_boot(std::size_t count) {
  Report report;
  const std::int64_t start = now();
  const auto pids = spawn_services(report, count);
  std::int64_t last = start;
  for (const Record& record : report.take(count, 60'000)) last = std::max(last, record.nanoseconds);
  end_all(pids, SIGKILL);
  return static_cast<double>(last - start) / 1e6;
}

double bare_stop(std::size_t count) {
  Report report;
  const auto pids = spawn_services(report, count);
  (void)report.take(count, 60'000);
  const std::int64_t start = now();
  end_all(pids, SIGTERM);
  return static_cast<double>(now() - start) / 1e6;
}

}  // namespace foster::bench
