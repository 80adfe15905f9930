// A small init: starts a command line, adopts whatever it leaves behind, and tells each end until nobody is left.
//
//   reap 'sleep 1 & (sleep 2 &) ; exit 3'
#include <poll.h>

#include <cstdio>
#include <string>

#include <foster/reap.hpp>
#include <foster/spawn.hpp>

namespace {

void print(const foster::Reaped& end) {
  const char* whose = end.whose == foster::Whose::given ? "child" : "orphan";
  std::printf("%s %d %s\n", whose, end.pid.number(), foster::to_string(end.status).c_str());
}

/// In a loop of one's own; here the loop has nothing else to do.
void loop_until_end_of(foster::Pid child, foster::Reaper& reaper) {
  for (;;) {
    pollfd ready{reaper.fd().get(), POLLIN, 0};
    if (::poll(&ready, 1, -1) < 0) continue;
    bool has_ended = false;
    for (const foster::Reaped& end : reaper.reap_now()) {
      print(end);
      has_ended = has_ended || end.pid == child;
    }
    if (has_ended) return;
  }
}

foster::Result<> run(const std::string& line) {
  if (auto adopted = foster::become_subreaper(); !adopted) return adopted;
  auto reaper = foster::Reaper::open(foster::Take::everything);
  if (!reaper) return foster::Failure(reaper.error());
  foster::SpawnPlan plan = foster::shell(line);
  plan.session = foster::ChildSession::new_session;
  const auto child = foster::spawn(plan);
  if (!child) return foster::Failure(child.error());
  if (auto given = reaper->add(*child); !given) return given;
  loop_until_end_of(child->pid(), *reaper);
  while (const auto end = reaper->reap_next()) print(*end);  // blocks; empty when no child is left
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: reap COMMANDLINE\n");
    return 2;
  }
  const auto done = run(argv[1]);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", foster::to_string(done.error()).c_str());
  return 1;
}
