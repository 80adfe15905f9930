// Becomes a daemon, sees its own pidfile, and is ended again: launches PIDFILE.
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <variant>

#include <foster/daemonize.hpp>
#include <foster/pidfile.hpp>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto detached = foster::detach({.pidfile = argv[1]});
  if (!detached) {
    std::fprintf(stderr, "%s\n", foster::to_string(detached.error()).c_str());
    return 1;
  }
  if (auto* daemon = std::get_if<foster::Daemon>(&*detached)) {
    ::alarm(60);  // whatever becomes of the launcher
    daemon->ready("hello");
    for (;;) ::pause();
  }
  const auto& report = std::get<foster::LaunchReport>(*detached);
  if (report.error || !report.daemon || report.message != "hello") return 3;
  const auto holder = foster::pidfile_holder(argv[1]);
  const bool is_held = holder && *holder == report.daemon;
  ::kill(report.daemon->number(), SIGTERM);
  while (::access(argv[1], F_OK) == 0) ::sched_yield();  // it goes with its daemon
  return is_held ? 0 : 4;
}
