#include "supervisor/main.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "reaper/role_arguments.hpp"
#include "supervisor/supervisor.hpp"

namespace foster::supervisor {
namespace {

// What a supervisord ends with that cannot start.
constexpr int kBadStart = 2;

// Requests to end reach us through the reaper, which gets them too when they are sent to our group.
void ignore_signals() {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ}) {
    (void)std::signal(signal, SIG_IGN);
  }
}

// One thread allocates: a second arena would only cost memory. What an answer about hundreds of programs takes is kept
// for the next one; it goes back after the next event, when we rest.
void set_up_heap() {
  constexpr int kForWork = 512 * 1024;
  (void)::mallopt(M_ARENA_MAX, 1);
  (void)::mallopt(M_TRIM_THRESHOLD, kForWork);
  (void)::mallopt(M_MMAP_THRESHOLD, kForWork);
}

// The reaper is gone, and with it the parent of everything: this process becomes a new one, with a new
// supervisor, which finds the services by the ledger.
[[noreturn]] void become_reaper(const reaper::RoleArguments& arguments, int lock, const Result<UniqueFd>& bequest) {
  std::vector<std::string> words = reaper::role_words(arguments);
  // Never let go: somebody who starts a foster meanwhile would take the place.
  if (lock >= 0 && ::fcntl(lock, F_SETFD, 0) == 0) words.insert(words.begin(), {"--lock", std::to_string(lock)});
  if (bequest && ::fcntl(bequest->get(), F_SETFD, 0) == 0) {
    words.insert(words.begin(), {"--bequest", std::to_string(bequest->get())});
  }
  words.insert(words.begin(), reaper::kReaperRole);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());
  std::perror("foster: cannot become the reaper: exec /proc/self/exe");
  ::_exit(1);
}

}  // namespace

int run(int argc, char** argv) {
  ignore_signals();
  set_up_heap();
  (void)::prctl(PR_SET_NAME, "foster: superv");
  reaper::RoleArguments arguments = reaper::read_role_arguments(argc, argv);
  const int lock = arguments.lock.get();
  auto supervisor = Supervisor::create({.name = arguments.name,
                                        .directories = arguments.directories,
                                        .config = arguments.config,
                                        .supervisord = arguments.supervisord,
                                        .channel = std::move(arguments.channel),
                                        .lock = std::move(arguments.lock),
                                        .listener = std::move(arguments.listener),
                                        .kept = std::move(arguments.kept),
                                        .ident = arguments.supervisord.empty() ? "foster" : "supervisord"});
  if (!supervisor && !arguments.supervisord.empty()) {
    const std::string why = to_string(supervisor.error());
    reaper::tell_ready(arguments.ready, why + "\n");
    std::fprintf(stderr, "Error: %s\nFor help, use supervisord -h\n", why.c_str());
    return kBadStart;
  }
  if (!supervisor) {
    const std::string line = "cannot start the supervisor: " + to_string(supervisor.error()) + "\n";
    reaper::tell_ready(arguments.ready, line);
    std::fprintf(stderr, "foster: %s", line.c_str());
    return 1;
  }
  reaper::tell_ready(arguments.ready, "READY\n");
  const Ending ending = (*supervisor)->run();
  if (ending.kind == Ending::Kind::reaper_lost) become_reaper(arguments, lock, (*supervisor)->bequeath());
  supervisor->reset();
  return ending.exit_code;
}

}  // namespace foster::supervisor
