// Ignores SIGTERM.
#include <unistd.h>

#include <csignal>

int main() {
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}
