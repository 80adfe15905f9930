#include "sys/files.hpp"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "sys/check.hpp"
#include "sys/facilities.hpp"

namespace foster::sys {
namespace {

int open_retrying(int directory, const char* path, int flags, mode_t mode) noexcept {
  return retry_on_eintr([&] { return ::openat(directory, path, flags | O_CLOEXEC, mode); });
}

Result<UniqueFd> named(int number, int flags, const std::string& name) {
  if (number < 0) return failure((flags & O_CREAT) != 0 ? "create" : "open", errno, name);
  return UniqueFd(number);
}

/// The path's next component; empty at its end.
std::string_view take_component(std::string_view& path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto end = path.find('/');
  const auto component = path.substr(0, end);
  path.remove_prefix(component.size());
  return component;
}

/// For kernels and sandboxes without openat2: one step at a time, and none of them through a symlink.
Result<UniqueFd> open_step_by_step(BorrowedFd directory, const std::string& path, int flags, mode_t mode) {
  if (path.empty()) return failure("open", ENOENT, path);
  if (path.front() == '/') return failure("open", EXDEV, path);
  UniqueFd holder;
  int here = directory.get();
  std::string_view rest = path;
  for (auto component = take_component(rest);; component = take_component(rest)) {
    if (component == "..") return failure("open", EXDEV, path);
    const bool last = rest.find_first_not_of('/') == std::string_view::npos;
    const std::string name(component);
    // O_PATH|O_NOFOLLOW opens a symlink itself, and O_DIRECTORY then refuses it as ENOTDIR; say what it was.
    const int step_flags = last ? flags | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW;
    UniqueFd next(open_retrying(here, name.c_str(), step_flags, last ? mode : 0));
    if (!next) {
      int code = errno;
      struct stat found{};
      if (code == ENOTDIR && ::fstatat(here, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode))
        code = ELOOP;
      return failure("open", code, path);
    }
    if (last) return next;
    holder = std::move(next);
    here = holder.get();
  }
}

/// Empty where the kernel does not know the call.
std::optional<Result<UniqueFd>> open_in_one_step(BorrowedFd directory, const std::string& path, int flags,
                                                 mode_t mode) {
  static std::atomic<bool> missing = false;
  if (missing.load(std::memory_order_relaxed) || !facility_allowed(Facility::openat2)) return std::nullopt;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_CLOEXEC));
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, and the kernel could not be sure.
  long fd = -1;
  for (int attempt = 0; attempt < 8; ++attempt) {
    fd = ::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  if (fd >= 0) return UniqueFd(static_cast<int>(fd));
  const int code = errno;
  // EPERM: container sandboxes that were written before the call existed.
  if (code == ENOSYS || code == EPERM) {
    missing.store(true, std::memory_order_relaxed);
    return std::nullopt;
  }
  return failure("open", code, path);
}

Result<std::size_t> read_to_full(int fd, std::span<char> buffer, const char* what) {
  std::size_t used = 0;
  while (used < buffer.size()) {
    const auto got = retry_on_eintr([&] { return ::read(fd, buffer.data() + used, buffer.size() - used); });
    if (got < 0) return failure("read", errno, what);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  return used;
}

/// A temporary file that is gone with its guard unless it got its name.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& final_path) : path_(final_path + ".XXXXXX") {
    fd_.reset(::mkostemp(path_.data(), O_CLOEXEC));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (fd_ && !kept_) (void)::unlink(path_.c_str());  // the first error is the one to report
  }

  [[nodiscard]] const UniqueFd& fd() const noexcept { return fd_; }
  [[nodiscard]] Result<> rename_to(const std::string& final_path) {
    if (::rename(path_.c_str(), final_path.c_str()) != 0) return failure("rename", errno, final_path);
    kept_ = true;
    return {};
  }

 private:
  std::string path_;
  UniqueFd fd_;
  bool kept_ = false;
};

Result<> sync_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  auto directory = open_file(parent, O_RDONLY | O_DIRECTORY);
  if (!directory) return std::unexpected(directory.error());
  return check_done(::fsync(directory->get()), "fsync", parent);
}

}  // namespace

Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode) {
  return named(open_retrying(AT_FDCWD, path.c_str(), flags, mode), flags, path);
}

Result<UniqueFd> open_at(BorrowedFd directory, const std::string& name, int flags, mode_t mode) {
  return named(open_retrying(directory.get(), name.c_str(), flags, mode), flags, name);
}

bool is_trusted_symlink(BorrowedFd directory, const std::string& name) {
  struct stat facts{};
  return ::fstatat(directory.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(facts.st_mode) &&
         (facts.st_uid == 0 || facts.st_uid == ::geteuid());
}

Result<UniqueFd> open_beneath(BorrowedFd directory, const std::string& path, int flags, mode_t mode) {
  if (auto opened = open_in_one_step(directory, path, flags, mode)) return std::move(*opened);
  return open_step_by_step(directory, path, flags, mode);
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return std::unexpected(fd.error());
  // The size in stat is a hint only: files of /proc say 0.
  struct stat facts{};
  (void)::fstat(fd->get(), &facts);  // cannot fail on an open descriptor
  std::string text;
  std::size_t used = 0;
  for (;;) {
    const std::size_t step = used == 0 && facts.st_size > 0 ? static_cast<std::size_t>(facts.st_size) + 1 : 4096;
    // One byte more than allowed tells that there is more.
    text.resize(std::min(used + step, most + 1));
    const auto got = read_to_full(fd->get(), std::span(text).subspan(used), path.c_str());
    if (!got) return std::unexpected(got.error());
    used += *got;
    if (used > most) return failure("read", EFBIG, path);
    if (used < text.size()) break;
  }
  text.resize(used);
  return text;
}

Result<std::size_t> read_small(BorrowedFd fd, std::span<char> buffer) {
  return read_to_full(fd.get(), buffer, "");
}

Result<std::size_t> read_small(const char* path, std::span<char> buffer) {
  UniqueFd fd(open_retrying(AT_FDCWD, path, O_RDONLY, 0));
  if (!fd) return failure("open", errno, path);
  return read_to_full(fd.get(), buffer, path);
}

Result<> write_all(BorrowedFd fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = retry_on_eintr([&] { return ::write(fd.get(), bytes.data(), bytes.size()); });
    if (written < 0) return failure("write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> replace_file(const std::string& path, std::string_view contents, const ReplaceOptions& options) {
  TemporaryFile file(path);
  if (!file.fd()) return failure("create", errno, path);
  if (auto done = check_done(::fchmod(file.fd().get(), options.mode), "chmod", path); !done) return done;
  if (auto done = write_all(file.fd(), contents); !done) return failure("write", done.error().code, path);
  const bool sync = options.durability == Durability::power_loss;
  if (sync) {
    if (auto done = check_done(::fsync(file.fd().get()), "fsync", path); !done) return done;
  }
  if (auto done = file.rename_to(path); !done) return done;
  return sync ? sync_directory_of(path) : Result<>{};
}

Result<> create_directories(const std::string& path, mode_t mode) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) == 0) {
    if (!S_ISDIR(facts.st_mode)) return failure("mkdir", ENOTDIR, path);
    return {};
  }
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (!part.ends_with('/') && ::mkdir(part.c_str(), mode) != 0) {
      const int code = errno;
      const bool there = ::stat(part.c_str(), &facts) == 0;
      if (there && !S_ISDIR(facts.st_mode)) return failure("mkdir", ENOTDIR, part);
      if (!there) return failure("mkdir", code, part);
    }
    if (end == std::string::npos) return {};
  }
}

}  // namespace foster::sys
