// Has two threads. When it is told to by a line, the first one ends, and the other goes on.
#include <pthread.h>
#include <unistd.h>

namespace {

void* go_on(void* /*unused*/) {
  for (;;) ::pause();
}

}  // namespace

int main() {
  pthread_t other{};
  if (::pthread_create(&other, nullptr, go_on, nullptr) != 0) return 1;
  char line = 0;
  if (::write(STDOUT_FILENO, "up\n", 3) != 3 || ::read(STDIN_FILENO, &line, 1) != 1) return 1;
  ::pthread_exit(nullptr);
}
