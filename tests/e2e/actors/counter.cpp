// Prints numbered lines, each with its pid, as fast as asked, and stops when told to or after so many.
// counter LINES MICROSECONDS_BETWEEN [EXIT_CODE [WITNESS]]; LINES 0: for ever. When it has written them all, it
// adds its pid and their number to the file WITNESS, which knows nothing of any supervisor.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

int main(int argc, char** argv) {
  const long lines = argc > 1 ? std::atol(argv[1]) : 0;
  const long pause = argc > 2 ? std::atol(argv[2]) : 1000;
  const int code = argc > 3 ? std::atoi(argv[3]) : 0;
  for (long n = 0; lines == 0 || n < lines; ++n) {
    char line[64];
    const int size = std::snprintf(line, sizeof line, "%d %ld\n", static_cast<int>(getpid()), n);
    if (write(1, line, static_cast<size_t>(size)) != size) return 111;
    timespec gap{pause / 1000000, pause % 1000000 * 1000};
    if (pause > 0) nanosleep(&gap, nullptr);
  }
  if (argc > 4) {
    const int witness = open(argv[4], O_WRONLY | O_APPEND | O_CREAT, 0600);
    char line[64];
    const int size = std::snprintf(line, sizeof line, "%d %ld\n", static_cast<int>(getpid()), lines);
    if (write(witness, line, static_cast<size_t>(size)) != size) return 112;
  }
  return code;
}
