// A cgroup of one test's own, where the machine lets us make one.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <foster/fd.hpp>

namespace foster::testing {

/// A cgroup of our own below a writable v2 tree, gone with the test.
class TemporaryCgroup {
 public:
  TemporaryCgroup() {
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      if (::access((std::string(root) + "/cgroup.procs").c_str(), W_OK) != 0) continue;
      path_ = std::string(root) + "/foster-test-" + std::to_string(::getpid());
      if (::mkdir(path_.c_str(), 0755) != 0) continue;
      directory_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      return;
    }
  }
  ~TemporaryCgroup() {
    if (directory_) ::rmdir(path_.c_str());
  }
  TemporaryCgroup(const TemporaryCgroup&) = delete;
  TemporaryCgroup& operator=(const TemporaryCgroup&) = delete;

  /// False where there is no cgroup v2 tree that we may write to.
  [[nodiscard]] bool exists() const { return static_cast<bool>(directory_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const UniqueFd& directory() const { return directory_; }
  [[nodiscard]] std::string name() const { return path_.substr(path_.rfind('/')); }

 private:
  std::string path_;
  UniqueFd directory_;
};

}  // namespace foster::testing
