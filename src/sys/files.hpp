// Files with errors that name them: opening, whole reads and writes, atomic replacement. Everything is opened
// O_CLOEXEC.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::sys {

/// open(2) with O_CLOEXEC added.
[[nodiscard]] Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode = 0);

/// openat(2) with O_CLOEXEC added. `name` may hold slashes and follows symlinks unless the flags say otherwise.
[[nodiscard]] Result<UniqueFd> open_at(BorrowedFd directory, const std::string& name, int flags, mode_t mode = 0);

/// Whether the name is a symlink that is root's or ours: of others, who could have put it there, it leads nowhere.
[[nodiscard]] bool is_trusted_symlink(BorrowedFd directory, const std::string& name);

/// Opens what lies in `directory` and nowhere else: no absolute path, no "..", no symlink on the way or at its end.
/// @errors `EXDEV` the path leads out; `ELOOP` a symlink; and those of openat(2).
[[nodiscard]] Result<UniqueFd> open_beneath(BorrowedFd directory, const std::string& path, int flags, mode_t mode = 0);

/// The whole file.
/// @errors `EFBIG` it is longer than `most` bytes; and those of open(2) and read(2).
/// @blocks On the file system.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most = 1 << 20);

/// The beginning of a file, as much as the buffer takes, without heap unless it fails: for /proc.
/// @return How many bytes were read; the whole file if it is less than the buffer's size.
[[nodiscard]] Result<std::size_t> read_small(BorrowedFd fd, std::span<char> buffer);
[[nodiscard]] Result<std::size_t> read_small(const char* path, std::span<char> buffer);

/// Writes all of it at the descriptor's position, however short each write is.
/// @errors Those of write(2); how much was written before is not known. `EAGAIN` on a full non-blocking descriptor.
[[nodiscard]] Result<> write_all(BorrowedFd fd, std::string_view bytes);

/// What a replaced file survives.
enum class Durability {
  process_crash,  ///< The rename alone: the kernel knows the whole file.
  power_loss,     ///< With fsync of the file and of its directory.
};

struct ReplaceOptions {
  mode_t mode = 0600;  ///< Of the new file, whatever the umask.
  Durability durability = Durability::process_crash;
};

/// Makes `path` a file with these contents: readers see the old one or the new one, whole. A symlink at `path` is
/// replaced, not followed. On error the old file stays and nothing is left behind.
/// @blocks On the file system.
[[nodiscard]] Result<> replace_file(const std::string& path, std::string_view contents,
                                    const ReplaceOptions& options = {});

/// Makes every missing directory of the path, each with this mode (less the umask); those that exist are left alone.
/// @errors `ENOTDIR` something else is in the way; and those of mkdir(2). What was made stays.
[[nodiscard]] Result<> create_directories(const std::string& path, mode_t mode = 0700);

}  // namespace foster::sys
