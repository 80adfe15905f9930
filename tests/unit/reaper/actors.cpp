#include "unit/reaper/actors.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace foster::reaper::testing {
namespace {

void say(int fd, char byte) {
  (void)!::write(fd, &byte, 1);
}

int leave_zombies(int count) {
  int dead[2];
  int leave[2];
  if (::pipe(dead) != 0 || ::pipe(leave) != 0) return 1;
  // The middle one's parent is this process, so that its children do not go to the subreaper before it ends.
  if (::fork() == 0) {
    ::close(leave[1]);
    for (int i = 0; i < count; ++i) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(0);
      if (child < 0) break;
      siginfo_t info;
      ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    }
    say(dead[1], 'd');
    char byte;
    (void)!::read(leave[0], &byte, 1);
    ::_exit(0);
  }
  char byte;
  (void)!::read(dead[0], &byte, 1);
  say(STDOUT_FILENO, 'd');
  (void)!::read(STDIN_FILENO, &byte, 1);
  ::close(leave[1]);  // the middle one ends
  int status = 0;
  ::wait(&status);
  (void)!::read(STDIN_FILENO, &byte, 1);
  return 0;
}

int orphan(int pipe, std::string_view mode) {
  int ready[2];
  if (::pipe(ready) != 0) return 1;
  if (::fork() == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    ::alarm(60);  // whatever becomes of the test
    if (mode == "stubborn") ::signal(SIGTERM, SIG_IGN);
    say(ready[1], 'r');
    (void)pipe;  // open until the end
    for (;;) ::pause();
  }
  ::wait(nullptr);
  char byte;
  (void)!::read(ready[0], &byte, 1);
  return 3;
}

int g_pipe = -1;
char g_name = 'p';

int count_signal(int pipe) {
  g_pipe = pipe;
  ::signal(SIGUSR1, [](int) { say(g_pipe, g_name); });
  ::signal(SIGTERM, [](int) { ::_exit(g_name == 'p' ? 7 : 8); });
  if (::fork() == 0) {
    g_name = 'w';
    say(pipe, 'r');
    for (;;) ::pause();
  }
  say(pipe, 'r');
  for (;;) ::pause();
}

}  // namespace

int actor_main(int argc, char** argv) {
  const std::string_view name = argc > 2 ? argv[2] : "";
  const int number = argc > 3 ? std::atoi(argv[3]) : 0;
  if (name == "leave_zombies") return leave_zombies(number);
  if (name == "orphan") return orphan(number, argc > 4 ? argv[4] : "");
  if (name == "foreground") return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() ? 0 : 1;
  if (name == "count_signal") return count_signal(number);
  return 99;
}

}  // namespace foster::reaper::testing
