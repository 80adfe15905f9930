// Starting a program from the reaper: everything is prepared once, so that starting it again takes no heap.
// Looking for how services are started? sys/clone.hpp
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace foster::reaper {

/// What the new program starts with. All pointers are somebody else's; texts are zero-terminated.
struct LaunchPlan {
  enum class Signals : std::uint8_t {
    defaults,  ///< Every disposition default, nothing blocked.
    as_found,  ///< Dispositions stay; `mask` is blocked.
  };

  const char* program = nullptr;
  const char* fallback = nullptr;  ///< Executed when `program` cannot be; null: nothing else is tried.
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const int* inherited = nullptr;  ///< Descriptors that are the new program's too, under the same numbers.
  std::size_t inherited_count = 0;
  Signals signals = Signals::defaults;
  sigset_t mask{};
  bool own_group = false;        ///< A process group of its own.
  int foreground_terminal = -1;  ///< With a group of its own: makes it this terminal's foreground group.
  bool restore_file_limit = false;
  rlimit64 file_limit{};  ///< RLIMIT_NOFILE of the new program.
};
static_assert(std::is_trivially_destructible_v<LaunchPlan>);

struct Launched {
  pid_t pid = 0;  ///< 0: it did not start.
  int error = 0;  ///< Why not: of clone(2) or execve(2).
};

/// Starts it. Nothing is left of a child that could not.
/// @blocks Until exec has happened or failed.
[[nodiscard]] Launched launch(const LaunchPlan& plan) noexcept;

}  // namespace foster::reaper
