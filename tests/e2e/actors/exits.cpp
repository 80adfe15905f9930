// Ends by itself: exits MILLISECONDS CODE, or kills itself with signal n for the code -n.
#include <csignal>
#include <cstdlib>
#include <ctime>

int main(int argc, char** argv) {
  const long milliseconds = argc > 1 ? std::atol(argv[1]) : 0;
  const int code = argc > 2 ? std::atoi(argv[2]) : 0;
  timespec gap{milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&gap, nullptr);
  if (code < 0) raise(-code);
  return code;
}
