// Writes a newline to a descriptor when the file appears: ready_fd NUMBER FILE.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int fd = std::atoi(argv[1]);
  if (fcntl(fd, F_GETFD) < 0) return 5;
  while (access(argv[2], F_OK) != 0) poll(nullptr, 0, 2);
  if (write(fd, "ready\n", 6) != 6) return 6;
  for (;;) pause();
}
