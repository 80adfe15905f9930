// A daemon of the old school: its launcher exits 0 when the daemon has written its pidfile, which
// ends on SIGTERM. daemonizes PIDFILE [EXIT_CODE_OF_LAUNCHER]; PIDFILE "-": none.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (argc > 2 && std::atoi(argv[2]) != 0) return std::atoi(argv[2]);
  int ready[2];
  if (pipe(ready) != 0) return 1;
  if (fork() == 0) {
    setsid();
    if (fork() > 0) _exit(0);
    if (std::strcmp(argv[1], "-") != 0) {
      const std::string temporary = std::string(argv[1]) + ".new";
      if (FILE* file = std::fopen(temporary.c_str(), "w")) {
        std::fprintf(file, "%d\n", static_cast<int>(getpid()));
        std::fclose(file);
        std::rename(temporary.c_str(), argv[1]);
      }
    }
    if (write(ready[1], "x", 1) != 1) return 1;
    close(ready[0]);
    close(ready[1]);
    for (;;) pause();
  }
  char byte;
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1) return 1;
  wait(nullptr);
  return 0;
}
