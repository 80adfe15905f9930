// Leaves a daemon behind: forks twice, takes a session of its own, ignores SIGTERM and SIGHUP, and
// writes its pid to a file. The first process stays, as a service does.
// forks_twice PIDFILE
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (fork() > 0) _exit(0);
    setsid();
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (FILE* file = std::fopen(argv[1], "w")) {
      std::fprintf(file, "%d\n", static_cast<int>(getpid()));
      std::fclose(file);
    }
    for (;;) pause();
  }
  waitpid(child, nullptr, 0);
  for (;;) pause();
}
