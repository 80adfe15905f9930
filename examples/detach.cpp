// Starts a program that is nobody's child to wait for, and tells its pid: the double fork in one call.
//
//   detach /tmp/log sh -c 'sleep 10; echo done'     returns at once; the shell goes on without us
#include <cstdio>
#include <string>
#include <vector>

#include <foster/spawn.hpp>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: detach LOGFILE PROGRAM [ARGUMENT…]\n");
    return 2;
  }
  foster::SpawnPlan plan = foster::command({argv + 2, argv + argc});
  plan.session = foster::ChildSession::new_session;  // no terminal, and none of its signals
  plan.directory = "/";                              // keeps no file system busy
  plan.umask = 022;
  plan.fds = {{0, foster::NullFd{}},
              {1, foster::FileFd{std::string(argv[1]), foster::FileFd::Mode::append}},
              {2, foster::SameFd{1}}};
  const auto detached = foster::spawn_detached(plan);
  if (!detached) {
    std::fprintf(stderr, "%s\n", foster::to_string(detached.error()).c_str());
    return 1;
  }
  std::printf("%d\n", detached->pid.number());
  return 0;
}
