#include "core/standard_output.hpp"

#include <unistd.h>

namespace foster::core {

std::optional<int> standard_descriptor(std::string_view path) {
  for (const std::string_view name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    if (path == name) return STDOUT_FILENO;
  }
  for (const std::string_view name : {"/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"}) {
    if (path == name) return STDERR_FILENO;
  }
  return std::nullopt;
}

}  // namespace foster::core
