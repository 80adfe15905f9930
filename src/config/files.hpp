// Reading the files a config is made of.
#pragma once

#include <cstddef>
#include <string>

#include <foster/result.hpp>

namespace foster::config {

/// A larger file is no config.
inline constexpr std::size_t kMaxFileSize = std::size_t{16} << 20;

/// The whole of a regular file.
///
/// @errors  `ENOENT`, `EACCES` and others from open(2); `EISDIR`, `EINVAL` for what is no regular file;
///          `EFBIG` above `kMaxFileSize`.
/// @blocks  On the disk; never on a FIFO or a terminal.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path);

[[nodiscard]] bool is_directory(const std::string& path);

}  // namespace foster::config
