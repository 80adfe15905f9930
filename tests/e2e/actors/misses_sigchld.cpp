// Forks children that end at once, before it listens to SIGCHLD: waits for them all when it is told once more.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace {
void wait_for_all(int) {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}
}  // namespace

int main() {
  for (int n = 0; n < 3; ++n) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  }
  std::signal(SIGCHLD, wait_for_all);
  std::puts("up");
  std::fflush(stdout);
  for (;;) pause();
}
