// Parts of log files by offset and length, in bytes.
#pragma once

#include <cstdint>
#include <string>

#include "compat/faults.hpp"

namespace foster::compat {

/// From `offset` on, at most `length` bytes, where 0 means all; or, with a negative offset, the last bytes.
/// @errors `no_file`; `bad_arguments`: a negative length, or a length with a negative offset; `failed`.
[[nodiscard]] Outcome<std::string> read_window(const std::string& path, std::int64_t offset, std::int64_t length);

struct TailWindow {
  std::string text;
  std::int64_t offset = 0;    ///< Where the file ends: from where to ask next.
  bool has_overflow = false;  ///< More has been written since `offset` than is told.
};

/// The last `length` bytes, for whoever has seen all up to `offset`. Empty for a file that is not there.
[[nodiscard]] TailWindow tail_window(const std::string& path, std::int64_t offset, std::int64_t length);

}  // namespace foster::compat
