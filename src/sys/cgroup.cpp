#include "sys/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <functional>
#include <memory>

#include "sys/check.hpp"
#include "sys/facilities.hpp"
#include "sys/files.hpp"
#include "sys/pidfd.hpp"
#include "sys/procfs.hpp"

namespace foster::sys {
namespace {

/// Deeper than any group that foster's services could sensibly make.
constexpr int kMaxDepth = 32;

using Directory = std::unique_ptr<DIR, decltype([](DIR* open) { (void)::closedir(open); })>;

Directory open_directory(BorrowedFd group) {
  // Another open file, so that each listing begins at the beginning.
  UniqueFd fd(::openat(group.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Directory directory(fd ? ::fdopendir(fd.get()) : nullptr);
  if (directory) (void)fd.release();  // closedir closes it
  return directory;
}

std::vector<std::string> subgroups(BorrowedFd group) {
  std::vector<std::string> names;
  const Directory directory = open_directory(group);
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    const std::string_view name(entry->d_name);
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

Result<> write_control(BorrowedFd group, const char* file, std::string_view text) {
  const UniqueFd fd(::openat(group.get(), file, O_WRONLY | O_CLOEXEC));
  if (!fd) return failure("open", errno, file);
  // One write is one command.
  return check_done(::write(fd.get(), text.data(), text.size()), "write", file);
}

Result<std::string> read_control(BorrowedFd group, const char* file) {
  const UniqueFd fd(::openat(group.get(), file, O_RDONLY | O_CLOEXEC));
  if (!fd) return failure("open", errno, file);
  std::string text;
  char piece[4096];
  for (;;) {
    const auto got = retry_on_eintr([&] { return ::read(fd.get(), piece, sizeof piece); });
    if (got < 0) return failure("read", errno, file);
    if (got == 0) return text;
    text.append(piece, static_cast<std::size_t>(got));
  }
}

/// Children are seen before their parents.
void for_each_group_below(BorrowedFd group, int depth,
                          const std::function<void(BorrowedFd, const std::string&)>& visit) {
  if (depth == 0) return;
  for (const auto& name : subgroups(group)) {
    const UniqueFd below(::openat(group.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!below) continue;  // gone meanwhile
    for_each_group_below(below, depth - 1, visit);
    visit(group, name);
  }
}

void append_members(std::vector<Pid>& pids, std::string_view text) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    pid_t pid = 0;
    const bool good = std::from_chars(line.data(), line.data() + line.size(), pid).ec == std::errc{};
    // 0 is a process of a pid namespace that we cannot see into.
    if (good && pid > 0) pids.push_back(Pid(pid));
  }
}

/// A group whose removal is under way reads as ENODEV.
bool is_gone(const Error& error) {
  return error.code == ENOENT || error.code == ENODEV;
}

/// Mountinfo writes blank, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    unsigned value = 0;
    if (text.front() == '\\' && text.size() >= 4 &&
        std::from_chars(text.data() + 1, text.data() + 4, value, 8).ptr == text.data() + 4) {
      plain += static_cast<char>(value);
      text.remove_prefix(4);
    } else {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  return plain;
}

std::vector<std::string_view> split(std::string_view line, char separator = ' ') {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto word = line.substr(0, line.find(separator));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    words.push_back(word);
  }
  return words;
}

std::optional<std::string> own_group() {
  const auto mounts = read_file("/proc/self/mountinfo", 4 << 20);
  const auto groups = read_file("/proc/self/cgroup");
  if (!mounts || !groups) return std::nullopt;
  const auto mount = parse_cgroup_mount(*mounts);
  const auto group = parse_cgroup(*groups);
  if (!mount || !group) return std::nullopt;
  return cgroup_directory(*mount, *group);
}

bool may_write(const std::string& group) {
  return ::faccessat(AT_FDCWD, (group + "/cgroup.procs").c_str(), W_OK, AT_EACCESS) == 0;
}

/// Below a threaded group nobody can be put ("domain invalid").
bool takes_processes(BorrowedFd group) {
  const auto type = read_control(group, "cgroup.type");
  return type && !type->starts_with("domain invalid") && !type->starts_with("threaded");
}

}  // namespace

Result<Cgroup> Cgroup::open(std::string path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return std::unexpected(fd.error());
  return Cgroup(std::move(*fd), std::move(path));
}

Result<> Cgroup::add(Pid pid) const {
  return write_control(fd_, "cgroup.procs", std::to_string(pid.number()));
}

Result<> Cgroup::kill() const {
  if (facility_allowed(Facility::cgroup_kill)) {
    auto done = write_control(fd_, "cgroup.kill", "1");
    if (done || done.error().code != ENOENT) return done;
  }
  return kill_one_by_one();
}

Result<> Cgroup::kill_one_by_one() const {
  // Frozen, they cannot fork; SIGKILL reaches them all the same. Freezing takes a moment, so the list is read
  // until nobody new is in it.
  const auto frozen = write_control(fd_, "cgroup.freeze", "1");
  std::vector<Pid> signalled;
  Result<> outcome;
  constexpr int kRounds = 1000;
  for (int round = 0; round < kRounds; ++round) {
    const auto members = pids();
    if (!members) {
      outcome = std::unexpected(members.error());
      break;
    }
    std::vector<ProcessHandle> fresh;
    for (const Pid pid : *members) {
      if (std::ranges::binary_search(signalled, pid)) continue;
      if (auto handle = ProcessHandle::open(pid)) fresh.push_back(std::move(*handle));
      if (fresh.size() == 256) break;  // as many descriptors at a time; the others have their round
    }
    if (fresh.empty()) break;
    // A pid that was reused since the list was read is a stranger, unless it is listed again.
    const auto again = pids();
    if (!again) {
      outcome = std::unexpected(again.error());
      break;
    }
    for (const auto& handle : fresh) {
      if (!std::ranges::binary_search(*again, handle.pid())) continue;
      if (auto done = handle.signal(*Signal::from_number(SIGKILL)); !done && done.error().code != ESRCH) outcome = done;
      signalled.push_back(handle.pid());
    }
    std::ranges::sort(signalled);
  }
  if (frozen) (void)write_control(fd_, "cgroup.freeze", "0");  // those killed need no thaw; the next run does
  return outcome;
}

Result<bool> Cgroup::is_populated() const {
  if (!events_) {
    auto opened = open_at(fd_, "cgroup.events", O_RDONLY);
    if (!opened) return is_gone(opened.error()) ? Result<bool>(false) : std::unexpected(opened.error());
    events_ = std::move(*opened);
  }
  char text[256];
  const auto size = retry_on_eintr([&] { return ::pread(events_.get(), text, sizeof text, 0); });
  if (size < 0) {
    Error error{"read", errno, "cgroup.events"};
    return is_gone(error) ? Result<bool>(false) : std::unexpected(std::move(error));
  }
  return std::string_view(text, static_cast<std::size_t>(size)).find("populated 1") != std::string_view::npos;
}

Result<std::vector<Pid>> Cgroup::pids() const {
  std::vector<Pid> pids;
  Result<> outcome;
  const auto collect = [&](BorrowedFd group, const char* file) {
    const auto members = read_control(group, file);
    if (members) append_members(pids, *members);
    if (!members && !is_gone(members.error())) outcome = std::unexpected(members.error());
  };
  for_each_group_below(fd_, kMaxDepth, [&](BorrowedFd parent, const std::string& name) {
    collect(parent, (name + "/cgroup.procs").c_str());
  });
  collect(fd_, "cgroup.procs");
  if (!outcome) return std::unexpected(outcome.error());
  std::ranges::sort(pids);
  const auto repeated = std::ranges::unique(pids);
  pids.erase(repeated.begin(), repeated.end());
  return pids;
}

Result<> Cgroup::remove() const {
  Result<> outcome;
  for_each_group_below(fd_, kMaxDepth, [&](BorrowedFd parent, const std::string& name) {
    if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT && outcome) {
      outcome = failure("rmdir", errno, name);
    }
  });
  if (::rmdir(path_.c_str()) != 0 && errno != ENOENT && outcome) outcome = failure("rmdir", errno, path_);
  return outcome;
}

std::optional<CgroupTree> CgroupTree::find_writable(std::string_view instance_name) {
  if (!facility_allowed(Facility::cgroup)) return std::nullopt;
  const auto own = own_group();
  // Moving a process needs the right to write where it comes from, too.
  if (!own || !may_write(*own)) return std::nullopt;
  std::string path = *own + "/foster." + cgroup_file_name(instance_name);
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return std::nullopt;
  auto tree = reopen(path);
  if (!tree) (void)::rmdir(path.c_str());  // of no use to us; one that was there before may be in use
  return tree;
}

std::optional<CgroupTree> CgroupTree::reopen(std::string path) {
  if (!facility_allowed(Facility::cgroup)) return std::nullopt;
  const auto group = Cgroup::open(path);
  if (!group || !may_write(path) || !takes_processes(group->fd())) return std::nullopt;
  return CgroupTree(std::move(path));
}

Result<Cgroup> CgroupTree::make(std::string_view child_name) const {
  std::string path = path_ + "/" + cgroup_file_name(child_name);
  if (::mkdir(path.c_str(), 0755) == 0) return Cgroup::open(std::move(path));
  if (errno != EEXIST) return failure("mkdir", errno, path);
  if (const auto found = Cgroup::open(path)) (void)found->remove();
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return failure("mkdir", errno, path);
  return Cgroup::open(std::move(path));
}

std::optional<Cgroup> CgroupTree::find(std::string_view child_name) const {
  auto group = Cgroup::open(path_ + "/" + cgroup_file_name(child_name));
  if (!group) return std::nullopt;
  return std::move(*group);
}

Result<> CgroupTree::remove() const {
  const auto group = Cgroup::open(path_);
  if (!group) return group.error().code == ENOENT ? Result<>{} : std::unexpected(group.error());
  return group->remove();
}

std::string cgroup_file_name(std::string_view name) {
  // No dot: every control file has one ("cgroup.procs", "memory.max").
  static constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:@";
  std::string file;
  for (const char byte : name) {
    if (kPlain.find(byte) != std::string_view::npos) {
      file += byte;
      continue;
    }
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    file += escaped;
  }
  return file;
}

std::optional<CgroupMount> parse_cgroup_mount(std::string_view mountinfo, std::string_view v1_controller) {
  // ID PARENT MAJOR:MINOR ROOT MOUNT-POINT OPTIONS [TAG…] - TYPE SOURCE SUPER-OPTIONS (proc_pid_mountinfo(5))
  const std::string_view type = v1_controller.empty() ? "cgroup2" : "cgroup";
  while (!mountinfo.empty()) {
    const auto line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
    const auto words = split(line);
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || dash == words.end() || dash + 1 == words.end() || dash[1] != type) continue;
    if (!v1_controller.empty()) {
      const auto options = words.end() - dash > 3 ? split(dash[3], ',') : std::vector<std::string_view>();
      if (std::ranges::find(options, v1_controller) == options.end()) continue;
    }
    return CgroupMount{.mount_point = unescape(words[4]), .root = unescape(words[3])};
  }
  return std::nullopt;
}

std::optional<std::string> cgroup_directory(const CgroupMount& mount, std::string_view group) {
  // "/..": a group above the namespace's root.
  if (!group.starts_with('/') || group.starts_with("/..")) return std::nullopt;
  std::string_view below = group;
  if (mount.root != "/") {
    if (!group.starts_with(mount.root)) return std::nullopt;
    below.remove_prefix(mount.root.size());
    if (!below.empty() && below.front() != '/') return std::nullopt;
  }
  return mount.mount_point + (below == "/" ? "" : std::string(below));
}

}  // namespace foster::sys
