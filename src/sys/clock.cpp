#include "sys/clock.hpp"

#include <cerrno>
#include <ctime>

#include "sys/files.hpp"

namespace foster::sys {
namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) noexcept {
  timespec now{};
  (void)::clock_gettime(clock, &now);  // cannot fail for a clock that every kernel has
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

std::chrono::nanoseconds monotonic_now() noexcept {
  return read_clock(CLOCK_MONOTONIC);
}

std::chrono::nanoseconds boottime_now() noexcept {
  return read_clock(CLOCK_BOOTTIME);
}

std::chrono::system_clock::time_point wall_now() noexcept {
  using Clock = std::chrono::system_clock;
  return Clock::time_point(std::chrono::duration_cast<Clock::duration>(read_clock(CLOCK_REALTIME)));
}

std::chrono::system_clock::time_point wall_time_of(std::chrono::nanoseconds monotonic) noexcept {
  const auto ago = monotonic_now() - monotonic;
  return wall_now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(ago);
}

Result<std::string> boot_id() {
  static constexpr const char* kPath = "/proc/sys/kernel/random/boot_id";
  auto text = read_file(kPath, 256);
  if (!text) return text;
  while (!text->empty() && text->back() == '\n') text->pop_back();
  if (text->size() != 36 || text->find_first_not_of("0123456789abcdef-") != std::string::npos) {
    return failure("read", EBADMSG, kPath);
  }
  return text;
}

}  // namespace foster::sys
