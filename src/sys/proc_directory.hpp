// Files of many processes, read relative to one descriptor of /proc: for whoever looks at all of them.
// Looking for what one file says? sys/procfs.hpp
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "sys/procfs.hpp"

namespace foster::sys {

class ProcDirectory {
 public:
  /// @errors `ENOENT` /proc is not mounted; `ENOTDIR`; `EMFILE`.
  [[nodiscard]] static Result<ProcDirectory> open(const char* path = "/proc");

  /// The beginning of PID/FILE, as much as fits, by a single read: /proc gives its small files whole. No heap.
  /// Empty when the process is gone, also when it goes meanwhile, or when the file is not for us to read.
  [[nodiscard]] std::string_view read(Pid pid, const char* file, std::span<char> buffer) const noexcept;

  [[nodiscard]] std::optional<ProcessStat> stat(Pid pid) const noexcept;

  /// The program's words, however many; empty for a zombie or a kernel thread.
  [[nodiscard]] std::vector<std::string> arguments(Pid pid) const;

  /// The effective user. Everybody may know it: it owns the process's directory, which unlike what lies in it never
  /// goes to root for a process that may not be dumped.
  [[nodiscard]] std::optional<uid_t> owner(Pid pid) const noexcept;

 private:
  explicit ProcDirectory(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace foster::sys
