#include "supervisor/supervisord/main_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <filesystem>

#include "logs/rotation.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace foster::supervisor::supervisord {
namespace {

constexpr mode_t kMode = 0666;  // less the umask

// In the order of Level.
constexpr std::array<std::string_view, 7> kWords{"CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT"};

// Whoever does not read misses what does not fit: nothing waits for it.
void offer(BorrowedFd fd, std::string_view text) {
  while (!text.empty()) {
    pollfd ready{fd.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
    const ssize_t count = ::write(fd.get(), text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

std::string line_of(Level level, std::string_view text, std::chrono::system_clock::time_point when) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch());
  const std::time_t seconds = since.count() / 1000;
  std::tm parts{};
  (void)::localtime_r(&seconds, &parts);  // a year that does not fit into an int is not now
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02},{:03} {} {}\n", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, since.count() % 1000,
                     kWords.at(static_cast<std::size_t>(level)), text);
}

Result<> MainLog::open(Options options) {
  options_ = std::move(options);
  file_.reset();
  return reopen();
}

Result<> MainLog::reopen() {
  if (goes_to_syslog()) return {};
  // A FIFO without a reader would have us wait.
  auto file = sys::open_file(options_.file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, kMode);
  // What is no file, a socket of a journal for one, may still be what we were given.
  if (!file && options_.also_to && (errno == ENXIO || errno == EACCES) && options_.file.starts_with("/dev/std")) {
    file_.reset();
    return {};
  }
  if (!file) return Failure(file.error());
  struct stat facts{};
  can_rotate_ = ::fstat(file->get(), &facts) == 0 && S_ISREG(facts.st_mode);
  size_ = can_rotate_ ? static_cast<std::uint64_t>(facts.st_size) : 0;
  file_ = std::move(*file);
  return {};
}

void MainLog::write(Level level, std::string_view text) {
  if (!takes(level)) return;
  const std::string line = line_of(level, text, sys::wall_now());
  if (options_.also_to) offer(*options_.also_to, line);
  if (goes_to_syslog() && options_.system_log)
    options_.system_log->send(std::string_view(line).substr(0, line.size() - 1));
  if (!file_) return;
  // There is no better place to tell of a full disk.
  if (sys::write_all(file_, line)) size_ += line.size();
  if (can_rotate_ && options_.max_size && size_ >= *options_.max_size) rotate();
}

void MainLog::rotate() {
  const std::filesystem::path path = options_.file;
  if (options_.keep > 0) {
    const auto directory = sys::open_file(path.parent_path(), O_RDONLY | O_DIRECTORY);
    if (directory && logs::rotate(*directory, path.filename(), options_.keep) && reopen()) return;
  }
  if (::ftruncate(file_.get(), 0) == 0) size_ = 0;
}

Result<> MainLog::clear() {
  if (path().empty() || ::access(path().c_str(), F_OK) != 0) return failure("clear", ENOENT, options_.file);
  if (auto removed = sys::check_done(::unlink(path().c_str()), "unlink", path()); !removed) return removed;
  return reopen();
}

std::string MainLog::path() const {
  return goes_to_syslog() ? std::string() : options_.file;
}

}  // namespace foster::supervisor::supervisord
