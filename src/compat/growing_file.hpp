// A log file, followed: its end first, then what is appended, through rotation and truncation.
#pragma once

#include <sys/types.h>

#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::compat {

class GrowingFile {
 public:
  /// Begins so many bytes before the end.
  /// @errors Those of open(2).
  [[nodiscard]] static Result<GrowingFile> open(std::string path, off_t last_bytes);

  /// What has come, at most about `most` bytes; empty: nothing at the moment.
  /// @blocks On the file system.
  [[nodiscard]] std::string read(std::size_t most);

 private:
  GrowingFile(std::string path, UniqueFd fd, off_t position)
      : path_(std::move(path)), fd_(std::move(fd)), position_(position) {}

  [[nodiscard]] std::string read_here(std::size_t most);
  [[nodiscard]] bool was_replaced() const;

  std::string path_;
  UniqueFd fd_;
  off_t position_;
};

}  // namespace foster::compat
