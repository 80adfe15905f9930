#include "unit/reaper/reaper_under_test.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "reaper/reaper.hpp"
#include "sys/clock.hpp"
#include "sys/procfs.hpp"

namespace foster::reaper::testing {
namespace {

/// Nothing of a test outlives the test program, however it ends.
void die_with_parent() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
}

}  // namespace

std::string own_path() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::usleep(1000);  // pace: of the poll
  }
  return true;
}

Children children_of(pid_t parent) {
  Children children;
  for (const Pid child : sys::children_of(Pid(parent))) {
    const auto stat = sys::read_stat(child);
    if (!stat || stat->ppid != parent) continue;
    if (stat->state == 'Z') {
      ++children.zombies;
    } else {
      children.alive.push_back(child.number());
    }
  }
  return children;
}

void start_nursery(int count) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (::fork() != 0) return;
  die_with_parent();
  be_nursery(count);
}

void be_nursery(int count) {
  for (int i = 0; i < count; ++i) {
    const pid_t middle = ::fork();
    if (middle == 0) {
      if (::fork() == 0) ::_exit(i % 100);
      ::_exit(0);
    }
    ::waitpid(middle, nullptr, 0);
  }
  ::_exit(0);
}

ReaperUnderTest::ReaperUnderTest(Setup setup) {
  std::string pattern = (std::filesystem::temp_directory_path() / "foster-reaper-XXXXXX").string();
  directory_ = ::mkdtemp(pattern.data());
  if (setup.prepare_ledger) {
    auto prepared = ledger();
    setup.prepare_ledger(prepared);
  }
  outer_ = ::fork();
  if (outer_ == 0) {
    die_with_parent();
    if (setup.pid_namespace == Namespace::ours) ::_exit(run(setup));
    if (::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) ::_exit(1);
    const pid_t first = ::fork();
    if (first == 0) {
      die_with_parent();
      ::_exit(run(setup));
    }
    int status = 0;
    ::waitpid(first, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  if (setup.pid_namespace == Namespace::ours) {
    pid_ = outer_;
    return;
  }
  (void)eventually([&] {
    const Children children = children_of(outer_);
    if (!children.alive.empty()) pid_ = children.alive.front();
    int status = 0;
    const bool refused = pid_ == 0 && ::waitpid(outer_, &status, WNOHANG) == outer_;
    if (refused) exit_code_ = WEXITSTATUS(status);
    return refused || pid_ > 0;
  });
}

ReaperUnderTest::~ReaperUnderTest() {
  if (!exit_code_) {
    // The reaper first: it would start another supervisor.
    const Children children = children_of(pid_);
    ::kill(pid_, SIGKILL);
    for (const pid_t child : children.alive) ::kill(child, SIGKILL);
    ::waitpid(outer_, nullptr, 0);
  }
  std::filesystem::remove_all(directory_);
}

int ReaperUnderTest::run(Setup& setup) const {
  setup.before_run();
  std::vector<std::string> arguments{"--log", directory_ / "log"};
  arguments.insert(arguments.end(), setup.stand_in.begin(), setup.stand_in.end());
  const auto code = reaper::run({.program = setup.program,
                                 .runtime_directory = directory_,
                                 .instance_name = "test",
                                 .supervisor_arguments = arguments,
                                 .instance_lock = std::move(setup.lock),
                                 .ready_fd = std::move(setup.ready_fd)});
  if (code) return *code;
  std::fprintf(stderr, "%s\n", to_string(code.error()).c_str());
  return 99;
}

void ReaperUnderTest::signal(int number) const {
  ::kill(pid_, number);
}

std::vector<Line> ReaperUnderTest::log() const {
  std::vector<Line> lines;
  std::ifstream file(directory_ / "log");
  for (std::string text; std::getline(file, text);) {
    std::istringstream words(text);
    Line line;
    for (std::string word; words >> word;) line.push_back(word);
    if (line.empty() || line.back() != ";") continue;  // torn by a SIGKILL, or being written
    line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Line> ReaperUnderTest::log(const std::string& kind) const {
  std::vector<Line> lines = log();
  std::erase_if(lines, [&](const Line& line) { return line.front() != kind; });
  return lines;
}

bool ReaperUnderTest::eventually_logged(const std::string& kind, std::size_t count) const {
  return eventually([&] { return log(kind).size() >= count; });
}

pid_t ReaperUnderTest::stand_in(std::size_t count) const {
  // No number could stand for "none": the caller is going to signal it.
  if (!eventually_logged("start", count)) throw std::runtime_error("the reaper did not start its supervisor");
  return std::atoi(log("start").back().at(1).c_str());
}

// Twice the same: a look at /proc while children come and go may miss some.
bool ReaperUnderTest::eventually_only_zombies() const {
  return eventually([&] {
    const Children first = children_of(pid_);
    if (first.alive.size() != 1 || first.zombies == 0) return false;
    ::usleep(20000);  // pace: between two looks
    const Children second = children_of(pid_);
    return second.alive == first.alive && second.zombies == first.zombies;
  });
}

ledger::Ledger ReaperUnderTest::ledger() const {
  const UniqueFd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return ledger::Ledger::open(directory, "test", sys::boot_id().value()).value();
}

std::optional<int> ReaperUnderTest::exit_code() {
  if (exit_code_) return exit_code_;
  int status = 0;
  if (!eventually([&] { return ::waitpid(outer_, &status, WNOHANG) == outer_; })) return std::nullopt;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

}  // namespace foster::reaper::testing
