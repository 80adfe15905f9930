// One binary, three programs: the reaper, the supervisor, and what people type.
#include <unistd.h>

#include <csignal>

#include "cli/dispatch.hpp"
#include "cli/roles.hpp"

int main(int argc, char** argv) {
  using namespace foster::cli;
  if (const auto code = run_internal_role(argc, argv)) return *code;
  // A reader that closes early (`foster logs | head`) is told by write(2), quietly.
  auto* found = std::signal(SIGPIPE, SIG_IGN);
  Output out(STDOUT_FILENO);
  Output err(STDERR_FILENO);
  Context context{.out = out, .err = err, .found_sigpipe = found};
  const auto count = static_cast<std::size_t>(argc > 0 ? argc - 1 : 0);
  return static_cast<int>(dispatch(context, Arguments(argv + (argc > 0 ? 1 : 0), count)));
}
