#include "supervisor/spawn_plan.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "core/command_line.hpp"
#include "lib/identity.hpp"
#include "sys/files.hpp"
#include "sys/resolve_program.hpp"

namespace foster::supervisor {
namespace {

constexpr mode_t kDefaultUmask = 022;

Result<> set_descriptors(const core::Service& service, RunResources& resources, SpawnPlan& plan) {
  const auto lend = [&plan](UniqueFd fd, std::initializer_list<int> targets) {
    for (const int target : targets) plan.request.fds.push_back({.source = fd, .target = target});
    plan.held.push_back(std::move(fd));
  };
  if (resources.input) {
    lend(std::move(*resources.input), {STDIN_FILENO});
  } else if (service.stdin_path.empty()) {
    plan.request.fds.push_back({.source = resources.null_device, .target = STDIN_FILENO});
  } else {
    // Opened without blocking, so that a FIFO without a writer holds nobody up; read as a program expects.
    auto in = sys::open_file(service.stdin_path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (!in) return Failure(in.error());
    (void)::fcntl(in->get(), F_SETFL, 0);
    lend(std::move(*in), {STDIN_FILENO});
  }
  const auto lend_output = [&](std::optional<UniqueFd>& fd, std::initializer_list<int> targets) {
    if (fd) return lend(std::move(*fd), targets);
    for (const int target : targets) {
      plan.request.fds.push_back({.source = resources.null_device, .target = target});
    }
  };
  if (resources.is_stderr_apart) {
    lend_output(resources.output, {STDOUT_FILENO});
    lend_output(resources.stderr_output, {STDERR_FILENO});
  } else {
    lend_output(resources.output, {STDOUT_FILENO, STDERR_FILENO});
  }
  if (resources.ready) lend(std::move(*resources.ready), {resources.ready_number});
  return {};
}

Result<SpawnPlan> plan_command(const core::Service& service, std::vector<std::string> argv, RunResources resources) {
  SpawnPlan plan;
  sys::SpawnRequest& request = plan.request;
  request.environment = run_environment(service, resources.facts, ::environ);
  request.directory = service.directory;
  auto program = sys::resolve_program(argv.front(), sys::find_variable(request.environment, "PATH"), service.directory);
  if (!program) return Failure(program.error());
  request.program = std::move(*program);
  request.argv = std::move(argv);
  if (auto done = set_identity({service.user, service.group}, request); !done) return Failure(done.error());
  if (auto done = set_descriptors(service, resources, plan); !done) return Failure(done.error());
  request.umask = service.umask ? static_cast<mode_t>(*service.umask) : kDefaultUmask;
  request.limits.push_back(
      {.resource = RLIMIT_NOFILE, .soft = resources.open_files.rlim_cur, .hard = resources.open_files.rlim_max});
  request.session = sys::SessionMode::new_session;
  // A child of the reaper from its first instruction: it outlives us, and its exit is never lost.
  request.parent = sys::Parent::grandparent;
  return plan;
}

}  // namespace

Result<SpawnPlan> plan_run(const core::Service& service, RunResources resources) {
  const unsigned index = resources.facts.index;
  return plan_command(service, core::expand_argv(service, index), std::move(resources));
}

Result<SpawnPlan> plan_helper(const core::Service& service, const std::vector<std::string>& argv,
                              RunResources resources) {
  return plan_command(service, argv, std::move(resources));
}

}  // namespace foster::supervisor
