// The smallest service: says when it reached main, and stays. service REPORT ID, or `service exit`.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {
struct Record {
  std::int64_t nanoseconds;
  std::int32_t pid;
  std::int32_t id;
};
}  // namespace

int main(int argc, char** argv) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (argc < 3) return argc == 2 && std::strcmp(argv[1], "exit") == 0 ? 0 : 2;
  const Record record{static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec, getpid(),
                      std::atoi(argv[2])};
  const int report = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
  if (report < 0 || write(report, &record, sizeof record) != sizeof record) return 1;
  close(report);
  for (;;) pause();
}
