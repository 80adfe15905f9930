#include "insight/facts.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <utility>

#include "insight/capabilities.hpp"
#include "sys/credentials.hpp"
#include "sys/files.hpp"

namespace foster::insight {
namespace {

namespace fs = std::filesystem;

constexpr std::array kNamespaces{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
constexpr std::array kProtocols{"tcp", "tcp6", "udp", "udp6", "unix"};
constexpr std::size_t kLargestPidfile = 64;

std::vector<SocketFact> sockets_of(const Process& process, const std::vector<sys::DescriptorLink>& descriptors) {
  std::vector<SocketFact> sockets;
  for (const auto& link : descriptors) {
    if (link.target.starts_with("socket:[")) sockets.push_back({.descriptor = link.number, .text = link.target});
  }
  if (sockets.empty()) return sockets;
  for (const char* protocol : kProtocols) {
    // As the process's own network namespace has them.
    const auto text = sys::read_process_file(process.pid, std::string("net/") + protocol);
    for (const sys::SocketLine& line : sys::parse_sockets(protocol, text)) {
      for (SocketFact& socket : sockets) {
        if (socket.text == fmt::format("socket:[{}]", line.inode)) socket.text = line.text;
      }
    }
  }
  return sockets;
}

bool holds_number(const std::string& path, Pid pid) {
  const auto text = sys::read_file(path, kLargestPidfile);
  if (!text) return false;
  const auto end = text->find_first_not_of("0123456789");
  return end != 0 && text->substr(0, end) == std::to_string(pid.number()) &&
         (end == std::string::npos || (*text)[end] == '\n');
}

/// /proc/locks names files by device and inode.
bool is_locked(const std::string& path, const std::string& locks) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return false;
  return locks.find(fmt::format(" {:02x}:{:02x}:{} ", major(facts.st_dev), minor(facts.st_dev), facts.st_ino)) !=
         std::string::npos;
}

void add_pidfiles_below(std::set<std::string>& paths, const fs::path& directory, int depth) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const bool is_link = entry.is_symlink(error);
    if (entry.path().extension() == ".pid" && entry.is_regular_file(error)) paths.insert(entry.path());
    if (depth > 0 && !is_link && entry.is_directory(error)) add_pidfiles_below(paths, entry.path(), depth - 1);
  }
}

std::vector<PidfileFact> pidfiles_of(const Process& process, const Facts& facts) {
  std::set<std::string> candidates;
  add_pidfiles_below(candidates, "/run", 1);
  for (const auto& link : facts.descriptors.value_or(std::vector<sys::DescriptorLink>{})) {
    if (link.target.ends_with(".pid") || link.target.ends_with(".lock")) candidates.insert(link.target);
  }
  const std::string locks = sys::read_file("/proc/locks", 1 << 24).value_or(std::string());
  std::vector<PidfileFact> found;
  for (const std::string& path : candidates) {
    if (holds_number(path, process.pid)) found.push_back({.path = path, .is_locked = is_locked(path, locks)});
  }
  return found;
}

std::optional<bool> terminal_makes_signals(const Process& process) {
  if (!process.terminal) return std::nullopt;
  // Without O_NOCTTY it might become ours.
  const auto fd = sys::open_file("/dev/" + process.terminal->name(), O_RDONLY | O_NOCTTY | O_NONBLOCK);
  termios modes{};
  if (!fd || ::tcgetattr(fd->get(), &modes) != 0) return std::nullopt;
  return (modes.c_lflag & ISIG) != 0;
}

std::vector<std::string> logind_files() {
  std::vector<std::string> paths;
  for (const char* base : {"/usr/lib/systemd/logind.conf", "/etc/systemd/logind.conf"}) paths.emplace_back(base);
  std::set<std::string> drop_ins;
  for (const char* directory :
       {"/usr/lib/systemd/logind.conf.d", "/etc/systemd/logind.conf.d", "/run/systemd/logind.conf.d"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) drop_ins.insert(entry.path());
  }
  paths.insert(paths.end(), drop_ins.begin(), drop_ins.end());
  std::vector<std::string> texts;
  for (const std::string& path : paths) {
    if (auto text = sys::read_file(path)) texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<bool> lingers(const Process& process) {
  if (!process.user) return std::nullopt;
  const auto user = sys::find_user(*process.user);
  if (!user || user->name.empty()) return std::nullopt;
  return ::access(("/var/lib/systemd/linger/" + user->name).c_str(), F_OK) == 0;
}

}  // namespace

const std::string* Facts::descriptor(int number) const noexcept {
  if (!descriptors) return nullptr;
  const auto found = std::ranges::find(*descriptors, number, &sys::DescriptorLink::number);
  return found != descriptors->end() ? &found->target : nullptr;
}

Facts read_facts(const Process& process) {
  Facts facts;
  facts.status = sys::read_status(process.pid);
  facts.descriptors = sys::read_descriptors(process.pid);
  if (facts.descriptors) facts.sockets = sockets_of(process, *facts.descriptors);
  facts.pidfiles = pidfiles_of(process, facts);
  facts.directory = sys::read_process_link(process.pid, "cwd");
  facts.root = sys::read_process_link(process.pid, "root");
  facts.program = sys::read_process_link(process.pid, "exe");
  facts.cgroup = sys::read_cgroup(process.pid);
  facts.limits = sys::parse_limits(sys::read_process_file(process.pid, "limits"));
  for (const char* kind : kNamespaces) {
    if (auto link = sys::read_process_link(process.pid, std::string("ns/") + kind)) {
      facts.namespaces.emplace_back(kind, std::move(*link));
    }
  }
  if (facts.status) facts.capabilities = capability_names(facts.status->effective_capabilities);
  return facts;
}

bool is_terminal_path(std::string_view target) noexcept {
  return target.starts_with("/dev/pts/") || target.starts_with("/dev/tty") || target == "/dev/console" ||
         target.starts_with("/dev/hvc");
}

std::optional<bool> kill_user_processes(const std::vector<std::string>& files) {
  std::optional<bool> set;
  std::optional<bool> built_in;
  for (const std::string& text : files) {
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      std::string_view line(text.data() + at, end - at);
      at = end + 1;
      const bool is_comment = line.starts_with('#');
      if (is_comment) line.remove_prefix(1);
      constexpr std::string_view kKey = "KillUserProcesses=";
      if (!line.starts_with(kKey)) continue;
      const auto value = line.substr(kKey.size());
      (is_comment ? built_in : set) = value == "yes" || value == "true" || value == "1" || value == "on";
    }
  }
  return set ? set : built_in;
}

Surroundings read_surroundings(const Process& process, const Facts& facts) {
  Surroundings surroundings;
  surroundings.signals_of = [](Pid pid) -> std::optional<SignalMasks> {
    const auto status = sys::read_status(pid);
    if (!status) return std::nullopt;
    return SignalMasks{.blocked = status->blocked, .ignored = status->ignored, .caught = status->caught};
  };
  surroundings.is_namespace_init = [](Pid pid) {
    if (pid == Pid(1)) return true;
    const auto status = sys::read_status(pid);
    return status && status->ns_pids.size() > 1 && status->ns_pids.back() == 1;
  };
  surroundings.cgroup = facts.cgroup;
  if (::access("/run/systemd/seats", F_OK) == 0) {
    surroundings.kills_user_processes = kill_user_processes(logind_files());
    surroundings.user_lingers = lingers(process);
  }
  surroundings.terminal_makes_signals = terminal_makes_signals(process);
  return surroundings;
}

}  // namespace foster::insight
