// A service of the campaign: writes numbered lines, and keeps a witness of its own of what it did.
// speaker DIRECTORY [KEY=VALUE…]
//   pause=MICROSECONDS  between two lines
//   lines=N             ends by itself after so many, in a way that follows from its run number; 0: never
//   daemonize=PIDFILE   as daemons of the old school do; the daemon speaks
//   stray=1             leaves a child behind that forks twice, has a session of its own and ignores SIGTERM
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>

#include "../witness.hpp"

namespace {

using foster::chaos::Witness;

Witness* witness = nullptr;

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

void on_term(int /*signal*/) {
  witness->asked.fetch_add(1);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

void leave_stray() {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (fork() > 0) _exit(0);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (;;) pause();
  }
  waitpid(child, nullptr, 0);
}

void add_line(const std::string& path, const std::string& line) {
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (write(fd, line.data(), line.size()) < 0) _exit(113);
  close(fd);
}

/// Whoever runs beside another process of the same instance says so: the lock goes with the process, not before.
void take_lock(const std::string& directory, const std::string& instance, const std::string& tag) {
  const int fd = open((directory + "/" + instance + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    add_line(directory + "/duplicates", instance + " " + tag + " pid " + std::to_string(getpid()) + "\n");
  }
}

void testify(const std::string& directory) {
  const std::string instance = variable("FOSTER_INSTANCE");
  const std::string tag = variable("FOSTER_RUN");
  const std::string run = tag.substr(tag.rfind('/') + 1);
  take_lock(directory, instance, tag);
  const std::string path = directory + "/" + instance + "." + run + "." + std::to_string(getpid());
  const int fd = open((path + ".new").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(Witness)) != 0) _exit(114);
  void* memory = mmap(nullptr, sizeof(Witness), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) _exit(115);
  witness = new (memory) Witness;
  witness->begin_ns = now();
  witness->last_ns = witness->begin_ns;
  witness->run = static_cast<std::uint32_t>(std::strtoul(run.c_str(), nullptr, 10));
  witness->pid = getpid();
  std::snprintf(witness->instance, sizeof witness->instance, "%s", instance.c_str());
  std::snprintf(witness->tag, sizeof witness->tag, "%s", tag.c_str());
  rename((path + ".new").c_str(), (path + ".witness").c_str());
}

void say_line() {
  char line[foster::chaos::kLongestLine];
  const std::uint64_t number = witness->done;
  const std::size_t size = foster::chaos::make_line(line, witness->instance, witness->run, number);
  witness->begun = number + 1;
  ssize_t written = 0;
  // Shorter than PIPE_BUF: all of it or nothing.
  while ((written = write(1, line, size)) < 0 && errno == EINTR) {
  }
  if (written != static_cast<ssize_t>(size)) _exit(116);
  witness->done = number + 1;
  witness->last_ns = now();
}

[[noreturn]] void end(Witness::Plan plan, std::uint32_t value) {
  // Last words, which are still on their way when the process is gone.
  for (int n = 0; n < 40; ++n) say_line();
  witness->value = value;
  witness->plan = plan;
  witness->last_ns = now();
  if (plan == Witness::signal) {
    signal(static_cast<int>(value), SIG_DFL);
    raise(static_cast<int>(value));
  }
  _exit(static_cast<int>(value));
}

void daemonize(const std::string& pidfile, const std::string& directory) {
  int ready[2];
  if (pipe(ready) != 0) _exit(117);
  if (fork() > 0) {
    char byte = 0;
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) _exit(118);
    wait(nullptr);
    _exit(0);
  }
  setsid();
  if (fork() > 0) _exit(0);
  testify(directory);
  const std::string temporary = pidfile + "." + std::to_string(getpid());
  add_line(temporary, std::to_string(getpid()) + "\n");
  rename(temporary.c_str(), pidfile.c_str());
  if (write(ready[1], "x", 1) != 1) _exit(119);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string directory = argv[1];
  long pause = 1000;
  std::uint64_t lines = 0;
  std::string pidfile;
  for (int n = 2; n < argc; ++n) {
    const std::string word = argv[n];
    const std::string value = word.substr(word.find('=') + 1);
    if (word.starts_with("pause=")) pause = std::atol(value.c_str());
    if (word.starts_with("lines=")) lines = std::strtoul(value.c_str(), nullptr, 10);
    if (word.starts_with("daemonize=")) pidfile = value;
    if (word.starts_with("stray=")) leave_stray();
  }
  if (pidfile.empty()) {
    testify(directory);
  } else {
    daemonize(pidfile, directory);
  }
  struct sigaction action{};
  action.sa_handler = on_term;
  sigaction(SIGTERM, &action, nullptr);

  const std::uint32_t run = witness->run;
  const timespec gap{pause / 1'000'000, pause % 1'000'000 * 1000};
  while (witness->asked == 0 && (lines == 0 || witness->done < lines)) {
    say_line();
    nanosleep(&gap, nullptr);
  }
  if (witness->asked != 0) end(Witness::exit_code, 64 + run % 64);
  constexpr std::uint32_t signals[] = {SIGUSR1, SIGSEGV, SIGKILL, SIGABRT};
  if (run % 4 == 3) end(Witness::signal, signals[run / 4 % 4]);
  end(Witness::exit_code, run * 7 % 256);
}
