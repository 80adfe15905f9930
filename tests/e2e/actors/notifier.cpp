// Speaks sd_notify through the real libsystemd: waits for a line of a FIFO before each message.
// notifier FIFO: every line read from it is sent as it is; "exit" ends.
#include <systemd/sd-daemon.h>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::FILE* input = std::fopen(argv[1], "r+");
  if (input == nullptr) return 3;
  char line[1024];
  while (std::fgets(line, sizeof line, input) != nullptr) {
    line[std::strcspn(line, "\n")] = 0;
    if (std::strcmp(line, "exit") == 0) return 0;
    if (sd_notify(0, line) <= 0) return 4;
  }
}
