#include "sys/close_fds.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace foster::sys {
namespace {

// As the kernel writes it; glibc declares it only as its own struct dirent64.
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};

FOSTER_IN_CHILD bool is_kept(int fd, const int* kept, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (kept[i] == fd) return true;
  }
  return false;
}

FOSTER_IN_CHILD int close_by_range(int first, const int* kept, std::size_t count) noexcept {
  auto next = static_cast<unsigned>(first);
  for (std::size_t i = 0; i < count; ++i) {
    if (kept[i] < first) continue;
    const auto number = static_cast<unsigned>(kept[i]);
    if (number > next && ::syscall(SYS_close_range, next, number - 1, 0) != 0) return errno;
    next = number + 1;
  }
  return ::syscall(SYS_close_range, next, ~0U, 0) == 0 ? 0 : errno;
}

/// The number that a directory entry's name spells, or -1 for "." and "..".
FOSTER_IN_CHILD int parse_number(const char* text) noexcept {
  int number = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9') return -1;
    number = number * 10 + (*text - '0');
  }
  return number;
}

FOSTER_IN_CHILD int close_by_listing(int first, const int* kept, std::size_t count) noexcept {
  const auto directory =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory < 0) return errno;
  alignas(DirectoryEntry) char buffer[1024];
  long filled = 0;
  // The kernel lists descriptors by number, so that closing those already seen loses none.
  while ((filled = ::syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < filled;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->length;
      const int fd = parse_number(entry->name);
      if (fd >= first && fd != directory && !is_kept(fd, kept, count)) (void)::syscall(SYS_close, fd);
    }
  }
  const int error = filled < 0 ? errno : 0;
  // When `directory` itself took the number of a kept one, that one was not open.
  (void)::syscall(SYS_close, directory);
  return error;
}

FOSTER_IN_CHILD int close_by_counting(int first, const int* kept, std::size_t count) noexcept {
  struct rlimit64 limit{};
  if (::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) != 0) return errno;
  constexpr std::uint64_t kEnough = 1U << 20;
  const auto end = static_cast<int>(limit.rlim_cur < kEnough ? limit.rlim_cur : kEnough);
  for (int fd = first; fd < end; ++fd) {
    if (!is_kept(fd, kept, count)) (void)::syscall(SYS_close, fd);
  }
  return 0;
}

}  // namespace

int close_fds_from(int first, const int* kept, std::size_t kept_count, CloseBy by) noexcept {
  if (by == CloseBy::close_range) {
    const int error = close_by_range(first, kept, kept_count);
    if (error != ENOSYS && error != EPERM) return error;  // EPERM: a seccomp filter older than the call
  }
  if (close_by_listing(first, kept, kept_count) == 0) return 0;
  return close_by_counting(first, kept, kept_count);
}

}  // namespace foster::sys
