// cgroup v2: a group an instance, where the tree is writable; absent without complaint where it is not. foster uses
// groups to find and to kill what a service started, and enables no controllers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster::sys {

/// One group, held by its directory. It stays when this is destroyed; `remove` removes it.
class Cgroup {
 public:
  /// A group that exists.
  [[nodiscard]] static Result<Cgroup> open(std::string path);

  /// For CLONE_INTO_CGROUP.
  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Moves a process, not its children, into the group.
  /// @errors `ESRCH`; `EACCES`, `EOPNOTSUPP` the kernel's rules for moving between groups.
  [[nodiscard]] Result<> add(Pid pid) const;

  /// SIGKILL to every process of the group and the groups below. Nobody escapes by forking: cgroup.kill where there
  /// is one (Linux 5.14), otherwise the group is frozen, each member killed through a pidfd, and thawed.
  /// Does not wait for the ends.
  [[nodiscard]] Result<> kill() const;

  /// Whether a live process is in it or below. Zombies do not count. Keeps a descriptor for the next time.
  [[nodiscard]] Result<bool> is_populated() const;

  /// The processes of the group and of those below, sorted, each once.
  [[nodiscard]] Result<std::vector<Pid>> pids() const;

  /// Removes the groups below, deepest first, and then this one. A group that is gone already is no error.
  /// @errors `EBUSY` a process is left somewhere.
  [[nodiscard]] Result<> remove() const;

 private:
  friend class CgroupTree;
  Cgroup(UniqueFd fd, std::string path) noexcept : fd_(std::move(fd)), path_(std::move(path)) {}
  [[nodiscard]] Result<> kill_one_by_one() const;

  UniqueFd fd_;
  std::string path_;
  mutable UniqueFd events_;
};

/// The groups of one foster: the directory `foster.NAME` below the group we are in.
class CgroupTree {
 public:
  /// Makes (or finds) the tree. Empty where there is no cgroup v2, we may not write to our own group, processes
  /// cannot be put below it, or the facility is switched off.
  [[nodiscard]] static std::optional<CgroupTree> find_writable(std::string_view instance_name);

  /// A tree by the path that an earlier foster wrote down; empty when it is gone or not writable.
  [[nodiscard]] static std::optional<CgroupTree> reopen(std::string path);

  /// The group of this child. One that is there is used only if it cannot be removed, because processes are in it: it
  /// may have been killed once, and what is cloned into such a group dies at once (seen on Linux 6.18). Any name will
  /// do: what a file name may not hold is escaped.
  [[nodiscard]] Result<Cgroup> make(std::string_view child_name) const;
  /// The group of this child if it exists.
  [[nodiscard]] std::optional<Cgroup> find(std::string_view child_name) const;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Removes every empty group of the tree, and the tree when nothing is left.
  /// @errors `EBUSY` processes are left; their groups stay.
  [[nodiscard]] Result<> remove() const;

 private:
  explicit CgroupTree(std::string path) noexcept : path_(std::move(path)) {}

  std::string path_;
};

/// A name as a group may bear it: letters, digits and "-_:@" stay, everything else becomes %XX. Different names stay
/// different, and none can be mistaken for a control file, all of which have a dot ("cgroup.procs").
[[nodiscard]] std::string cgroup_file_name(std::string_view name);

/// Where a cgroup hierarchy is mounted, from the text of /proc/self/mountinfo: the mount point, and the group at its
/// root. Without a controller, that of cgroup v2; with one, the v1 hierarchy this controller is mounted in.
struct CgroupMount {
  std::string mount_point;
  std::string root;
};
[[nodiscard]] std::optional<CgroupMount> parse_cgroup_mount(std::string_view mountinfo,
                                                            std::string_view v1_controller = {});

/// The directory of a group of /proc/PID/cgroup in this mount; empty when it lies outside of what is mounted.
[[nodiscard]] std::optional<std::string> cgroup_directory(const CgroupMount& mount, std::string_view group);

}  // namespace foster::sys
