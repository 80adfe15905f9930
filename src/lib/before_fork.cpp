#include "lib/before_fork.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace foster {
namespace {

/// What an open descriptor of ours is, in the kernel's words: "anon_inode:[eventpoll]".
std::string nature_of(int number) {
  std::array<char, 64> text{};
  const std::string path = "/proc/self/fd/" + std::to_string(number);
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

Result<> check_descriptor(int number, const char* step) {
  const std::string nature = nature_of(number);
  if (nature != "anon_inode:[eventpoll]" && nature != "anon_inode:[io_uring]") return {};
  return failure(step, EBUSY,
                 "descriptor " + std::to_string(number) + " is an event loop's (" + nature +
                     "), which all workers would share: make it after the fork");
}

}  // namespace

Result<> check_single_thread(const char* step) {
  const auto stat = sys::read_stat(Pid(::getpid()));
  if (!stat || stat->num_threads <= 1) return {};
  return failure(step, EBUSY, std::to_string(stat->num_threads) + " threads are running, and a fork copies one");
}

Result<> check_no_event_loop(const char* step) {
  // Descriptor 0 has no place among ids.
  if (auto free = check_descriptor(0, step); !free) return free;
  sys::PidDirectory descriptors("/proc/self/fd");
  while (const auto number = descriptors.next()) {
    if (auto free = check_descriptor(number->number(), step); !free) return free;
  }
  return {};
}

Result<> fill_standard_streams() {
  for (;;) {
    auto null = sys::open_file("/dev/null", O_RDWR);
    if (!null) return Failure(null.error());
    if (null->get() > STDERR_FILENO) return {};
    const int stream = null->release();
    (void)::fcntl(stream, F_SETFD, 0);  // what a stream is for is to be inherited
  }
}

void flush_streams() {
  std::cout.flush();
  std::clog.flush();
  std::wcout.flush();
  std::wclog.flush();
  (void)std::fflush(nullptr);  // a stream that cannot be written to is its owner's affair
}

}  // namespace foster
