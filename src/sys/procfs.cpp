#include "sys/procfs.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <concepts>
#include <cstdio>
#include <cstring>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::sys {
namespace {

/// Cuts words off the front of a text, by blanks of any kind.
class Words {
 public:
  explicit Words(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] std::string_view next() noexcept {
    const auto begin = rest_.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) return {};
    rest_.remove_prefix(begin);
    const auto word = rest_.substr(0, rest_.find_first_of(" \t\n"));
    rest_.remove_prefix(word.size());
    return word;
  }

  template <std::integral Number>
  [[nodiscard]] bool next(Number& number, int base = 10) noexcept {
    const auto word = next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
    return error == std::errc{} && end == word.data() + word.size() && !word.empty();
  }

  [[nodiscard]] bool skip(int count) noexcept {
    for (; count > 0; --count) {
      if (next().empty()) return false;
    }
    return true;
  }

 private:
  std::string_view rest_;
};

/// "/proc/PID/stat", without heap.
struct ProcPath {
  char text[64];
  ProcPath(Pid pid, const char* file) noexcept {
    std::snprintf(text, sizeof text, "/proc/%d/%s", static_cast<int>(pid.number()), file);
  }
};

UniqueFd open_proc(Pid pid, const char* file, int flags = 0) noexcept {
  const ProcPath path(pid, file);
  return UniqueFd(retry_on_eintr([&] { return ::open(path.text, O_RDONLY | O_CLOEXEC | flags); }));
}

/// As much as fits, without heap; empty also when the process vanished while it was read.
std::string_view read_into(const UniqueFd& fd, std::span<char> buffer) noexcept {
  std::size_t used = 0;
  while (fd && used < buffer.size()) {
    const auto got = retry_on_eintr([&] { return ::read(fd.get(), buffer.data() + used, buffer.size() - used); });
    if (got <= 0) break;
    used += static_cast<std::size_t>(got);
  }
  return {buffer.data(), used};
}

std::string read_proc(Pid pid, const char* file, std::size_t most) {
  const auto fd = open_proc(pid, file);
  std::string text;
  while (fd && text.size() < most) {
    const auto used = text.size();
    text.resize(std::min(most, used + 4096));
    const auto got = read_into(fd, std::span(text).subspan(used)).size();
    const bool end = used + got < text.size();
    text.resize(used + got);
    if (end) break;
  }
  return text;
}

bool parse_ids(Words& words, ProcessStatus::Ids& ids) noexcept {
  return words.next(ids.real) && words.next(ids.effective) && words.next(ids.saved) && words.next(ids.filesystem);
}

/// One line of /proc/PID/status. What cannot be understood is as if it were not there.
void apply_status_line(ProcessStatus& status, std::string_view key, Words words) {
  unsigned number = 0;
  const auto mask = [&words](std::uint64_t& into) {
    std::uint64_t bits = 0;
    if (words.next(bits, 16)) into = bits;
  };
  if (key == "State") {
    if (const auto word = words.next(); !word.empty()) status.state = word.front();
  } else if (key == "Tgid") {
    (void)words.next(status.tgid);  // from_chars leaves the default where there is no number
  } else if (key == "PPid") {
    (void)words.next(status.ppid);
  } else if (key == "TracerPid") {
    (void)words.next(status.tracer);
  } else if (key == "Umask") {
    if (words.next(number, 8)) status.umask = number;
  } else if (key == "Uid") {
    if (ProcessStatus::Ids ids; parse_ids(words, ids)) status.uid = ids;
  } else if (key == "Gid") {
    if (ProcessStatus::Ids ids; parse_ids(words, ids)) status.gid = ids;
  } else if (key == "NSpid") {
    for (pid_t pid = 0; words.next(pid);) status.ns_pids.push_back(pid);
  } else if (key == "VmRSS") {
    std::uint64_t kilobytes = 0;
    if (words.next(kilobytes) && kilobytes < (std::uint64_t{1} << 54)) status.rss_bytes = kilobytes * 1024;
  } else if (key == "Threads") {
    (void)words.next(status.threads);
  } else if (key == "SigPnd") {
    mask(status.pending);
  } else if (key == "ShdPnd") {
    mask(status.shared_pending);
  } else if (key == "SigBlk") {
    mask(status.blocked);
  } else if (key == "SigIgn") {
    mask(status.ignored);
  } else if (key == "SigCgt") {
    mask(status.caught);
  } else if (key == "CapEff") {
    mask(status.effective_capabilities);
  } else if (key == "NoNewPrivs") {
    if (words.next(number)) status.no_new_privileges = number != 0;
  }
}

/// Finds "NAME=value" among zero-terminated strings that come in pieces.
class EnvironmentSearch {
 public:
  explicit EnvironmentSearch(std::string_view variable) : wanted_(std::string(variable) + "=") {}

  /// True when the value is complete.
  [[nodiscard]] bool feed(std::string_view piece) {
    for (const char byte : piece) {
      if (byte == '\0') {
        if (matched_ == wanted_.size()) return true;
        matched_ = 0;
        differs_ = false;
      } else if (matched_ == wanted_.size()) {
        value_ += byte;
      } else if (!differs_ && byte == wanted_[matched_]) {
        ++matched_;
      } else {
        differs_ = true;
      }
    }
    return false;
  }

  /// The last string may lack its zero.
  [[nodiscard]] bool has_begun() const noexcept { return matched_ == wanted_.size(); }
  [[nodiscard]] std::string value() && { return std::move(value_); }

 private:
  std::string wanted_;
  std::string value_;
  std::size_t matched_ = 0;
  bool differs_ = false;
};

void append_pids(std::vector<Pid>& pids, std::string_view text) {
  Words words(text);
  for (pid_t pid = 0; words.next(pid);) {
    if (pid > 0) pids.push_back(Pid(pid));
  }
}

/// Empty where the kernel was built without the file.
std::optional<std::vector<Pid>> children_by_file(Pid parent) {
  std::vector<Pid> children;
  bool supported = false;
  PidDirectory threads(ProcPath(parent, "task").text);
  while (const auto thread = threads.next()) {
    char name[40];
    std::snprintf(name, sizeof name, "task/%d/children", static_cast<int>(thread->number()));
    const auto fd = open_proc(parent, name);
    if (!fd) continue;
    supported = true;
    // A number may be cut by the end of a piece, so the text is read whole.
    std::string text;
    char piece[1024];
    for (auto got = read_into(fd, piece); !got.empty(); got = read_into(fd, piece)) text += got;
    append_pids(children, text);
  }
  if (!supported) return std::nullopt;
  return children;
}

}  // namespace

std::optional<ProcessStat> parse_stat(std::string_view text) noexcept {
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;

  ProcessStat stat;
  Words before(text.substr(0, open));
  if (!before.next(stat.pid) || stat.pid <= 0) return std::nullopt;

  const auto comm = text.substr(open + 1, close - open - 1);
  std::memcpy(stat.comm, comm.data(), std::min(comm.size(), sizeof stat.comm - 1));

  Words words(text.substr(close + 1));
  const auto state = words.next();
  if (state.size() != 1) return std::nullopt;
  stat.state = state.front();
  const bool complete =
      words.next(stat.ppid) && words.next(stat.pgrp) && words.next(stat.session) && words.next(stat.tty_nr) &&
      words.next(stat.tpgid) && words.next(stat.flags) && words.skip(4) &&  // four counts of page faults
      words.next(stat.utime) && words.next(stat.stime) && words.skip(4) &&  // of children; priority and nice
      words.next(stat.num_threads) && words.skip(1) && words.next(stat.starttime) && words.next(stat.vsize) &&
      words.next(stat.rss);
  if (!complete) return std::nullopt;
  return stat;
}

std::optional<ProcessStat> read_stat(Pid pid) noexcept {
  char buffer[1024];
  return parse_stat(read_into(open_proc(pid, "stat"), buffer));
}

std::optional<ProcessStatus> parse_status(std::string_view text) {
  ProcessStatus status;
  bool found = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto key = line.substr(0, colon);
    found = found || key == "Pid";
    apply_status_line(status, key, Words(line.substr(colon + 1)));
  }
  if (!found) return std::nullopt;
  return status;
}

std::optional<ProcessStatus> read_status(Pid pid) {
  return parse_status(read_proc(pid, "status", 64 * 1024));
}

std::optional<std::string_view> parse_cgroup(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("0::/")) return line.substr(3);
  }
  return std::nullopt;
}

std::optional<std::string> read_cgroup(Pid pid) {
  const auto text = read_proc(pid, "cgroup", 64 * 1024);
  const auto path = parse_cgroup(text);
  if (!path) return std::nullopt;
  return std::string(*path);
}

std::optional<std::string> read_environment_variable(Pid pid, std::string_view variable, std::size_t most) {
  const auto fd = open_proc(pid, "environ");
  EnvironmentSearch search(variable);
  std::array<char, 4096> piece;
  for (std::size_t seen = 0; seen < most;) {
    const auto got = read_into(fd, std::span(piece).first(std::min(piece.size(), most - seen)));
    if (search.feed(got)) return std::move(search).value();
    if (got.empty()) return search.has_begun() ? std::optional(std::move(search).value()) : std::nullopt;
    seen += got.size();
  }
  return std::nullopt;
}

std::vector<std::string> parse_cmdline(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view rest = text; !rest.empty();) {
    const auto word = rest.substr(0, rest.find('\0'));
    words.emplace_back(word);
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  return words;
}

std::vector<std::string> read_cmdline(Pid pid, std::size_t most) {
  return parse_cmdline(read_proc(pid, "cmdline", most));
}

std::optional<std::uint64_t> read_resident_bytes(Pid pid) noexcept {
  char buffer[256];
  Words words(read_into(open_proc(pid, "statm"), buffer));
  std::uint64_t pages = 0;
  if (!words.skip(1) || !words.next(pages)) return std::nullopt;
  return pages * page_size();
}

PidDirectory::PidDirectory() noexcept : PidDirectory("/proc") {}

PidDirectory::PidDirectory(const char* path) noexcept
    : fd_(retry_on_eintr([&] { return ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); })) {}

std::optional<Pid> PidDirectory::next() noexcept {
  for (;;) {
    if (at_ >= used_) {
      const auto got = fd_ ? ::syscall(SYS_getdents64, fd_.get(), buffer_.data(), buffer_.size()) : 0;
      if (got <= 0) return std::nullopt;
      used_ = static_cast<std::size_t>(got);
      at_ = 0;
    }
    // The kernel keeps each record aligned to 8 bytes and whole within the buffer.
    const auto* entry = reinterpret_cast<const dirent64*>(buffer_.data() + at_);
    at_ += entry->d_reclen;
    const std::string_view name(entry->d_name);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && end == name.data() + name.size() && pid > 0) return Pid(pid);
  }
}

std::vector<Pid> list_pids() {
  std::vector<Pid> pids;
  PidDirectory all;
  while (const auto pid = all.next()) pids.push_back(*pid);
  return pids;
}

std::vector<Pid> children_of(Pid parent) {
  if (auto children = children_by_file(parent)) return std::move(*children);
  return children_by_scan(parent);
}

std::vector<Pid> children_by_scan(Pid parent) {
  std::vector<Pid> children;
  PidDirectory all;
  while (const auto pid = all.next()) {
    const auto stat = read_stat(*pid);
    if (stat && stat->ppid == parent.number()) children.push_back(*pid);
  }
  return children;
}

long ticks_per_second() noexcept {
  static const long ticks = std::max(1L, ::sysconf(_SC_CLK_TCK));
  return ticks;
}

std::uint64_t page_size() noexcept {
  static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::chrono::nanoseconds duration_of_ticks(std::uint64_t ticks) noexcept {
  const auto per_second = static_cast<std::uint64_t>(ticks_per_second());
  // Whole seconds first, so that no sensible number of ticks overflows.
  return std::chrono::seconds(ticks / per_second) +
         std::chrono::nanoseconds(ticks % per_second * (1'000'000'000 / per_second));
}

}  // namespace foster::sys
