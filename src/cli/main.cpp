// One binary, several programs: the reaper, the supervisor, and what people type, under three names.
#include <unistd.h>

#include <csignal>

#include "cli/dispatch.hpp"
#include "cli/roles.hpp"
#include "cli/supervisorctl/main.hpp"
#include "cli/supervisord/main.hpp"

int main(int argc, char** argv) {
  using namespace foster::cli;
  if (const auto code = run_internal_role(argc, argv)) return *code;
  // A reader that closes early (`foster logs | head`) is told by write(2), quietly.
  auto* found = std::signal(SIGPIPE, SIG_IGN);
  Output out(STDOUT_FILENO);
  Output err(STDERR_FILENO);
  const Arguments arguments(argv + (argc > 0 ? 1 : 0), static_cast<std::size_t>(argc > 0 ? argc - 1 : 0));
  const std::string_view called = argc > 0 ? argv[0] : "";
  const std::string_view program = called.substr(called.rfind('/') + 1);
  if (program == supervisorctl::kProgram) return supervisorctl::run(std::string(called), arguments, out, err);
  if (program == supervisord::kProgram) return supervisord::run(std::string(called), arguments, out, err);
  Context context{.out = out, .err = err, .found_sigpipe = found};
  return static_cast<int>(dispatch(context, arguments));
}
