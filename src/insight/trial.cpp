#include "insight/trial.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/pidfd.hpp"

namespace foster::insight {
namespace {

using namespace std::chrono_literals;

constexpr int kLookMilliseconds = 5;
// What has not changed for so long is at rest.
constexpr std::chrono::nanoseconds kRest = 300ms;
constexpr std::chrono::nanoseconds kAsked = 2s;
constexpr std::chrono::nanoseconds kForced = 5s;
// Where a program that was started carelessly finds what was left open.
constexpr int kPlantedNumber = 47;

/// What the stand-in tells: its child's pid, its child's wait status, or why there is none.
struct Told {
  enum class What : int { pid, status, exec_failed } what;
  int number;
};

void tell(int fd, Told::What what, int number) {
  const Told told{what, number};
  (void)!::write(fd, &told, sizeof told);  // nobody is left to hear it
}

void reset_signals() {
  for (int signal = 1; signal < 32; ++signal) (void)std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The program itself: a job in the foreground of the terminal, with one descriptor too many.
[[noreturn]] void become(const std::vector<char*>& words, int told, int planted) {
  (void)::setpgid(0, 0);
  (void)std::signal(SIGTTOU, SIG_IGN);
  (void)::tcsetpgrp(STDIN_FILENO, ::getpid());
  reset_signals();
  (void)::dup2(planted, kPlantedNumber);  // loses close-on-exec
  ::execvp(words[0], words.data());
  tell(told, Told::What::exec_failed, errno);
  ::_exit(127);
}

/// Stands in for a shell: leads the session, waits for the program, and stays, so that the terminal does.
[[noreturn]] void stand_in(const std::vector<char*>& words, int told, int planted) {
  reset_signals();
  const pid_t child = ::fork();
  if (child == 0) become(words, told, planted);
  if (child < 0) {
    tell(told, Told::What::exec_failed, errno);
    ::_exit(1);
  }
  tell(told, Told::What::pid, child);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  tell(told, Told::What::status, status);
  for (;;) ::pause();
}

void signal_all(const std::vector<const Process*>& processes, int signal) {
  for (const Process* process : processes) {
    const auto handle = sys::ProcessHandle::open(
        sys::ProcessIdentity{.pid = process->pid.number(), .start_time = process->start_ticks});
    if (handle) (void)handle->signal(*Signal::from_number(signal));  // ESRCH: it was quicker
  }
}

/// False when there is no child any more.
bool reap() {
  for (;;) {
    const pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0 && errno != EINTR) return false;
  }
}

}  // namespace

Result<Trial> Trial::start(const std::vector<std::string>& argv) {
  Trial trial;
  std::array<int, 2> told{};
  std::array<int, 2> marker{};
  if (auto made = sys::check_done(::pipe2(told.data(), O_CLOEXEC), "pipe"); !made) return Failure(made.error());
  trial.told_.reset(told[0]);
  const UniqueFd tells(told[1]);
  if (auto made = sys::check_done(::pipe2(marker.data(), O_CLOEXEC), "pipe"); !made) return Failure(made.error());
  trial.marker_.reset(marker[0]);
  const UniqueFd planted(marker[1]);
  struct stat facts{};
  (void)::fstat(planted.get(), &facts);  // of an open pipe
  trial.planted_ = fmt::format("pipe:[{}]", facts.st_ino);

  std::vector<std::string> copies = argv;
  std::vector<char*> words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
  int terminal = -1;
  trial.shell_ = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (trial.shell_ < 0) return failure("fork in a new terminal", errno);
  if (trial.shell_ == 0) stand_in(words, tells.get(), planted.get());
  trial.terminal_.reset(terminal);
  (void)::fcntl(terminal, F_SETFD, FD_CLOEXEC);

  Told first{};
  const auto got = sys::retry_on_eintr([&] { return ::read(trial.told_.get(), &first, sizeof first); });
  if (got != sizeof first) return failure("start", EIO, argv.front());
  // A program that cannot be executed says so before or after its parent speaks.
  if (first.what == Told::What::pid) {
    trial.launcher_ = first.number;
  } else {
    return failure("exec", first.number, argv.front());
  }
  (void)::fcntl(trial.told_.get(), F_SETFL, O_NONBLOCK);
  return trial;
}

Trial::Trial(Trial&& other) noexcept
    : terminal_(std::move(other.terminal_)),
      told_(std::move(other.told_)),
      marker_(std::move(other.marker_)),
      planted_(std::move(other.planted_)),
      output_(std::move(other.output_)),
      shell_(std::exchange(other.shell_, -1)),
      launcher_(other.launcher_),
      status_(other.status_),
      known_(std::move(other.known_)) {}

Trial::~Trial() {
  if (shell_ < 0) return;  // moved from: the new owner ends them
  const auto begin = sys::monotonic_now();
  bool has_asked = false;
  while (reap() && sys::monotonic_now() - begin < kForced) {
    const auto table = read_process_table({.arguments = false, .user = false});
    if (table) {
      const bool is_late = sys::monotonic_now() - begin >= kAsked;
      const auto left = offspring(*table);
      if (!has_asked) signal_all(left, SIGTERM);
      has_asked = true;
      // The stand-in waits for nothing but its own end; it goes last, and the terminal with it.
      if (is_late || left.empty()) {
        signal_all(left, SIGKILL);
        (void)::kill(shell_, SIGKILL);
      }
    }
    drain();
    (void)::poll(nullptr, 0, kLookMilliseconds);
  }
}

std::vector<const Process*> Trial::offspring(const ProcessTable& table) const {
  std::vector<const Process*> found = table.children_of(Pid(::getpid()));
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (const Process* child : table.children_of(found[next]->pid)) found.push_back(child);
  }
  std::erase_if(found, [this](const Process* process) {
    return process->pid.number() == shell_ || process->state == ProcessState::zombie;
  });
  return found;
}

void Trial::drain() {
  std::array<char, 4096> bytes;
  for (pollfd ready{terminal_.get(), POLLIN, 0}; ::poll(&ready, 1, 0) == 1;) {
    const auto got = ::read(terminal_.get(), bytes.data(), bytes.size());
    if (got <= 0) return;
    output_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

/// What has changed since the last look, in words.
void Trial::look(TrialResult& result) {
  const auto table = read_process_table({.arguments = false, .user = false});
  if (!table) return;
  Known now;
  for (const Process* process : offspring(*table)) now.emplace(process->pid.number(), *process);
  for (Change& change : changes_between(known_, now, Pid(::getpid()))) result.seen.push_back(std::move(change.text));
  known_ = std::move(now);
}

TrialResult Trial::watch(std::chrono::milliseconds patience) {
  TrialResult result;
  const auto begin = sys::monotonic_now();
  auto last_change = begin;
  for (auto now = begin; now - begin < patience; now = sys::monotonic_now()) {
    drain();
    const std::size_t before = result.seen.size();
    look(result);
    for (Told told{}; ::read(told_.get(), &told, sizeof told) == sizeof told;) {
      if (told.what == Told::What::status) {
        status_ = told.number;
        last_change = sys::monotonic_now();
      }
      if (told.what == Told::What::exec_failed) result.problem = Error{"exec", told.number, ""};
    }
    (void)reap();
    if (result.seen.size() != before) last_change = sys::monotonic_now();
    // Also when nobody is there: one look may miss who is just being forked by one that ends.
    if (status_ && sys::monotonic_now() - last_change >= kRest) break;
    (void)::poll(nullptr, 0, kLookMilliseconds);
  }
  drain();
  if (status_) result.launcher = exit_status_from_wait(*status_);
  // The first of those without a parent among them; whoever stayed in the foreground is that by itself.
  const Process* oldest = nullptr;
  for (const auto& [pid, process] : known_) {
    const bool is_top = !process.parent || !known_.contains(process.parent->number());
    if (is_top && (oldest == nullptr || process.start_ticks < oldest->start_ticks)) oldest = &process;
  }
  if (oldest != nullptr) result.daemon = oldest->pid;
  return result;
}

}  // namespace foster::insight
