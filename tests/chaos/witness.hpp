// What a service of the campaign knows of itself: a small file, mapped, so that the last word is there however it
// ended. Written by actors/speaker.cpp, read by the oracle. No supervisor writes to it or is asked for it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace foster::chaos {

struct Witness {
  enum Plan : std::uint32_t { none, exit_code, signal };

  std::uint64_t begin_ns = 0;              ///< CLOCK_MONOTONIC, as all times here.
  std::atomic<std::uint64_t> last_ns = 0;  ///< When it last said anything.
  std::atomic<std::uint64_t> begun = 0;    ///< Lines whose write has begun.
  std::atomic<std::uint64_t> done = 0;     ///< Lines whose write has returned.
  std::atomic<std::uint32_t> plan = none;  ///< How it is about to end, written before it does.
  std::atomic<std::uint32_t> value = 0;    ///< The code, or the number of the signal.
  std::atomic<std::uint32_t> asked = 0;    ///< Times SIGTERM came.
  std::uint32_t run = 0;
  std::int32_t pid = 0;
  char instance[64] = {};
  char tag[96] = {};  ///< FOSTER_RUN as it was given.
};

constexpr std::size_t kLongestLine = 256;

/// Line `number` of a run, with its newline: the same bytes for whoever makes it. @return Its size.
inline std::size_t make_line(char* line, const char* instance, std::uint32_t run, std::uint64_t number) {
  const int head =
      std::snprintf(line, kLongestLine, "%.63s %u %llu ", instance, run, static_cast<unsigned long long>(number));
  auto size = static_cast<std::size_t>(head);
  const std::size_t filler = (number * 2654435761U >> 7U) % 90;
  std::memset(line + size, 'a' + static_cast<int>(number % 26), filler);
  size += filler;
  line[size++] = '\n';
  return size;
}

}  // namespace foster::chaos
