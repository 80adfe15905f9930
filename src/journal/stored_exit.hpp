// An exit status as one number, for files.
#pragma once

#include <cstdint>

#include <foster/exit_status.hpp>

namespace foster::journal {

/// Kind * 256 + code or signal. Never 0.
[[nodiscard]] std::int64_t encode_exit(const ExitStatus& exit);

/// What means nothing is an unknown end.
[[nodiscard]] ExitStatus decode_exit(std::int64_t stored);

}  // namespace foster::journal
