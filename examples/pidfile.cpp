// One at a time: takes a pidfile, and holds it until standard input ends.
//
//   pidfile /tmp/one.pid            in one shell
//   pidfile /tmp/one.pid            in another: "pidfile /tmp/one.pid is held by process 4711: …"
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include <foster/pidfile.hpp>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: pidfile PATH\n");
    return 2;
  }
  using namespace std::chrono_literals;
  const auto pidfile = foster::take_pidfile(argv[1], 100ms);
  if (!pidfile) {
    std::fprintf(stderr, "%s\n", foster::to_string(pidfile.error()).c_str());
    return 1;
  }
  std::printf("held\n");
  std::fflush(stdout);
  char ignored[256];
  while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  return 0;  // the file goes with the object
}
