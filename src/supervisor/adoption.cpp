#include "supervisor/adoption.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "api/json_writer.hpp"
#include "supervisor/daemon_finder.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;
using api::Problem;

constexpr std::size_t kMaxPidfile = 64;
// Start times are known to a tick, and times of files to one of the kernel's.
constexpr auto kClockSlack = 1s;

std::unexpected<Problem> refuse(std::string message) {
  return std::unexpected(Problem{Problem::Kind::conflict, std::move(message), {}});
}

std::unexpected<Problem> bad_request(std::string message) {
  return std::unexpected(Problem{Problem::Kind::bad_request, std::move(message), {}});
}

std::string text_of(int code) {
  return std::error_code(code, std::generic_category()).message();
}

struct Chosen {
  Pid pid;
  std::optional<std::chrono::system_clock::time_point> written;  ///< When its pidfile was.
};

api::Answer<Chosen> choose(const api::AdoptRequest& request) {
  if (request.pidfile.empty()) {
    if (request.pid <= 0) return bad_request(fmt::format("{} is no pid", request.pid));
    return Chosen{Pid(request.pid), std::nullopt};
  }
  const auto text = sys::read_file(request.pidfile, kMaxPidfile);
  if (!text && text.error().code == EFBIG) return bad_request(request.pidfile + " is no pidfile");
  if (!text) return bad_request(to_string(text.error()));
  const auto pid = parse_pidfile(*text);
  if (!pid) return bad_request(request.pidfile + " is no pidfile: it does not hold the number of a process");
  struct stat facts{};
  if (::stat(request.pidfile.c_str(), &facts) != 0) return bad_request(request.pidfile + ": " + text_of(errno));
  return Chosen{*pid, std::chrono::system_clock::from_time_t(facts.st_mtim.tv_sec) + 1s};
}

std::chrono::system_clock::time_point wall_time_of(std::uint64_t start_time) {
  const auto age = sys::boottime_now() - sys::duration_of_ticks(start_time);
  return sys::wall_now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(age);
}

// It has no memory of its own. What else tells it is not for everybody to see.
bool is_kernel_thread(const sys::ProcessStat& stat) {
  return stat.vsize == 0;
}

}  // namespace

api::Answer<sys::ProcessHandle> find_adoptee(const api::AdoptRequest& request, const AdoptionLimits& limits) {
  const auto chosen = choose(request);
  if (!chosen) return std::unexpected(chosen.error());
  const Pid pid = chosen->pid;
  const std::string stale = request.pidfile.empty() ? "" : request.pidfile + " is stale: ";
  if (pid.number() == 1) return refuse("process 1 is everybody's parent, and nobody's service");
  if (pid.number() == ::getpid()) return refuse(fmt::format("{} is foster's own supervisor", pid.number()));
  if (pid == limits.reaper) return refuse(fmt::format("{} is foster's own reaper", pid.number()));

  // Held from here on: what is found out below is about this process and no later one of its number.
  auto process = sys::ProcessHandle::open(pid);
  if (!process && (process.error().code == EINVAL || process.error().code == ENOENT)) {
    return refuse(fmt::format("{} is a thread, not a process", pid.number()));
  }
  if (!process && process.error().code == ESRCH) {
    return refuse(fmt::format("{}no process has the number {}", stale, pid.number()));
  }
  if (!process) return refuse(to_string(process.error()));
  const auto stat = sys::read_stat(pid);
  if (!stat || stat->state == 'Z' || stat->state == 'X' || !process->is_alive()) {
    return refuse(fmt::format("{}process {} has ended", stale, pid.number()));
  }
  if (is_kernel_thread(*stat))
    return refuse(fmt::format("{} is a thread of the kernel ({})", pid.number(), stat->comm));
  if (chosen->written && wall_time_of(stat->starttime) > *chosen->written + kClockSlack) {
    return refuse(fmt::format("{}process {} ({}) was started after it was written", stale, pid.number(), stat->comm));
  }
  if (const std::string owner = limits.owner(pid); !owner.empty()) {
    return refuse(fmt::format("process {} is supervised already: {}", pid.number(), owner));
  }
  if (::kill(pid.number(), 0) != 0 && errno == EPERM) {
    return refuse(fmt::format("process {} ({}) may not be signalled: {}", pid.number(), stat->comm, text_of(EPERM)));
  }
  if (!process->is_alive()) return refuse(fmt::format("{}process {} has ended", stale, pid.number()));
  (void)process->identity();  // its start time, while it can be read
  return std::move(*process);
}

std::string definition_of(Pid pid) {
  std::vector<std::string> words = sys::read_cmdline(pid);
  std::error_code error;
  if (words.empty()) words.push_back(std::filesystem::read_symlink(fmt::format("/proc/{}/exe", pid.number()), error));
  const std::string directory = std::filesystem::read_symlink(fmt::format("/proc/{}/cwd", pid.number()), error);
  api::JsonWriter json;
  json.begin_object().key("command").begin_array();
  for (const std::string& word : words) {
    std::string escaped;
    for (const char c : word) escaped += c == '%' ? std::string("%%") : std::string(1, c);
    json.string(escaped);
  }
  json.end_array();
  if (!error && directory.starts_with('/')) json.key("directory").string(directory);
  json.key("restart").string("never").end_object();
  return json.take();
}

}  // namespace foster::supervisor
