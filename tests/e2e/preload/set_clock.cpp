// To be preloaded: the time of day is off by as many seconds as the file SET_CLOCK_FILE says at this moment. A second
// number in it is how long the machine was asleep: the clock since boot has gone on meanwhile, the monotonic one has
// not.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

const char* offset_text() {
  static const char* text = [] {
    const char* path = std::getenv("SET_CLOCK_FILE");
    const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void* mapped = fd < 0 ? MAP_FAILED : mmap(nullptr, 32, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    return mapped == MAP_FAILED ? "0" : static_cast<const char*>(mapped);
  }();
  return text;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long done = syscall(SYS_clock_gettime, clock, now);
  char* rest = nullptr;
  const long offset = std::strtol(offset_text(), &rest, 10);
  const long asleep = std::strtol(rest, nullptr, 10);
  if (done == 0 && clock == CLOCK_REALTIME) now->tv_sec += offset + asleep;
  if (done == 0 && clock == CLOCK_BOOTTIME) now->tv_sec += asleep;
  return static_cast<int>(done);
}

extern "C" time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
