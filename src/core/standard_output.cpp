#include "core/standard_output.hpp"

namespace foster::core {

std::optional<Stream> standard_stream(std::string_view path) {
  for (const std::string_view name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    if (path == name) return Stream::out;
  }
  for (const std::string_view name : {"/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"}) {
    if (path == name) return Stream::err;
  }
  return std::nullopt;
}

}  // namespace foster::core
