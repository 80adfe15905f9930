#include "sys/runtime_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "sys/check.hpp"
#include "sys/credentials.hpp"
#include "sys/files.hpp"

namespace foster::sys {
namespace {

constexpr std::size_t kMaxInstanceName = 64;

std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::string() : std::string(value);
}

Result<> check_instance_name(std::string_view name) {
  const auto bad_byte = [](char byte) {
    return byte == '/' || static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
  };
  const bool bad = name.empty() || name == "." || name == ".." || name.size() > kMaxInstanceName ||
                   std::ranges::any_of(name, bad_byte);
  if (bad) return failure("instance name", EINVAL, "\"" + std::string(name) + "\"");
  return {};
}

Result<std::string> absolute(const std::string& path) {
  std::error_code error;
  auto full = std::filesystem::absolute(path, error);
  if (error) return failure("directory", error.value(), path);
  std::string normal = full.lexically_normal().string();
  while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

std::string fallback_runtime_base(uid_t uid) {
  return "/tmp/foster-" + std::to_string(uid);
}

/// The XDG variables hold absolute paths; anything else is to be ignored.
Result<std::string> xdg_base(const char* variable, std::string otherwise) {
  const std::string value = environment(variable);
  return value.starts_with('/') ? value + "/foster" : std::move(otherwise);
}

Result<std::string> user_state_base(uid_t uid) {
  if (auto base = xdg_base("XDG_STATE_HOME", ""); !base->empty()) return base;
  std::string home = environment("HOME");
  if (!home.starts_with('/')) {
    const auto user = find_user(uid);
    if (!user) return std::unexpected(user.error());
    if (user->name.empty()) return failure("home directory", ENOENT, "of uid " + std::to_string(uid));
    home = user->home;
  }
  return home + "/.local/state/foster";
}

Result<std::string> state_base(uid_t uid) {
  if (const auto set = environment("FOSTER_STATE_DIR"); !set.empty()) return absolute(set);
  return uid == 0 ? Result<std::string>("/var/lib/foster") : user_state_base(uid);
}

Failure refuse(const std::string& path, const std::string& why) {
  return failure("refuse to use", EPERM, path + " (" + why + ")");
}

/// A path that open(2) would not take as it is; says why in words.
Failure explain_open_failure(const std::string& path, int code) {
  struct stat facts{};
  const bool there = ::lstat(path.c_str(), &facts) == 0;
  if (there && S_ISLNK(facts.st_mode)) return refuse(path, "it is a symbolic link");
  if (there && !S_ISDIR(facts.st_mode)) return refuse(path, "it is not a directory");
  return failure("open", code, path);
}

Result<UniqueFd> accept_directory(UniqueFd fd, const std::string& path) {
  struct stat facts{};
  if (::fstat(fd.get(), &facts) != 0) return failure("stat", errno, path);
  if (facts.st_uid != ::geteuid()) {
    return refuse(path,
                  "it belongs to uid " + std::to_string(facts.st_uid) + ", not to uid " + std::to_string(::geteuid()));
  }
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refuse(path, "others may write to it");
  return fd;
}

Result<UniqueFd> prepare_subdirectory(BorrowedFd parent, const char* name, const std::string& path) {
  if (::mkdirat(parent.get(), name, 0700) != 0 && errno != EEXIST) return failure("mkdir", errno, path);
  const int fd = ::openat(parent.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return explain_open_failure(path, errno);
  return accept_directory(UniqueFd(fd), path);
}

std::string describe_holder(int lock) {
  char text[32] = {};
  const auto got = ::pread(lock, text, sizeof text - 1, 0);
  pid_t pid = 0;
  if (got <= 0 || std::from_chars(text, text + got, pid).ec != std::errc{} || pid <= 0)
    return "held by another process";
  return "held by pid " + std::to_string(pid);
}

}  // namespace

Result<std::string> runtime_base(uid_t uid) {
  if (const auto set = environment("FOSTER_RUNTIME_DIR"); !set.empty()) return absolute(set);
  return uid == 0 ? Result<std::string>("/run/foster") : xdg_base("XDG_RUNTIME_DIR", fallback_runtime_base(uid));
}

Result<Directories> directories_for(std::string_view name, uid_t uid) {
  if (auto good = check_instance_name(name); !good) return std::unexpected(good.error());
  auto runtime = runtime_base(uid);
  if (!runtime) return std::unexpected(runtime.error());
  auto state = state_base(uid);
  if (!state) return std::unexpected(state.error());

  const std::string below = "/" + std::string(name);
  Directories directories{.runtime = *runtime + below, .state = *state + below, .logs = {}};
  if (const auto set = environment("FOSTER_LOG_DIR"); !set.empty()) {
    const auto base = absolute(set);
    if (!base) return std::unexpected(base.error());
    directories.logs = *base + below;
  } else {
    directories.logs = uid == 0 ? "/var/log/foster" + below : directories.state + "/log";
  }
  return directories;
}

Result<UniqueFd> prepare_directory(const std::string& path) {
  if (auto done = create_directories(path); !done) {
    // A dangling link is "not there" and cannot be made either.
    return done.error().code == EEXIST ? explain_open_failure(path, EEXIST) : std::unexpected(done.error());
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return explain_open_failure(path, errno);
  return accept_directory(UniqueFd(fd), path);
}

Result<PreparedDirectories> prepare(const Directories& directories) {
  // In /tmp anybody may have been here before us.
  const std::string fallback = fallback_runtime_base(::geteuid());
  if (directories.runtime.starts_with(fallback + "/")) {
    if (auto base = prepare_directory(fallback); !base) return std::unexpected(base.error());
  }
  auto runtime = prepare_directory(directories.runtime);
  if (!runtime) return std::unexpected(runtime.error());
  auto fifos = prepare_subdirectory(*runtime, kFifoDirectory, directories.fifos());
  if (!fifos) return std::unexpected(fifos.error());
  auto state = prepare_directory(directories.state);
  if (!state) return std::unexpected(state.error());
  auto logs = prepare_directory(directories.logs);
  if (!logs) return std::unexpected(logs.error());
  return PreparedDirectories{std::move(*runtime), std::move(*fifos), std::move(*state), std::move(*logs)};
}

std::vector<std::string> list_instances(const std::string& base) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(base, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;  // one that cannot be looked at is not ours
    if (std::filesystem::exists(at->path() / kLockFile, ignored)) names.push_back(at->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

Result<UniqueFd> take_lock(const std::string& path) {
  auto lock = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!lock) return lock;
  if (retry_on_eintr([&] { return ::flock(lock->get(), LOCK_EX | LOCK_NB); }) != 0) {
    const int code = errno;
    return failure("lock", code, code == EWOULDBLOCK ? path + " (" + describe_holder(lock->get()) + ")" : path);
  }
  if (auto done = write_lock_holder(*lock, Pid(::getpid())); !done) return failure("write", done.error().code, path);
  return lock;
}

Result<> write_lock_holder(BorrowedFd lock, Pid holder) {
  const std::string text = std::to_string(holder.number()) + "\n";
  if (::ftruncate(lock.get(), 0) != 0) return failure("truncate", errno);
  const auto written = ::pwrite(lock.get(), text.data(), text.size(), 0);
  if (written < 0) return failure("write", errno);
  return {};
}

}  // namespace foster::sys
