#include "lib/spawn_request.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "lib/identity.hpp"
#include "sys/resolve_program.hpp"

namespace foster {
namespace {

Result<> check_words(const SpawnPlan& plan) {
  if (plan.argv.empty()) return failure("spawn", EINVAL, "no program");
  const bool sound =
      std::ranges::all_of(plan.argv, is_c_string) && is_c_string(plan.program) && is_c_string(plan.directory.native());
  if (!sound) return failure("spawn", EINVAL, "a zero byte");
  for (const Signal signal : plan.ignored_signals) {
    const bool cannot = signal.number() == SIGKILL || signal.number() == SIGSTOP;
    if (cannot) return failure("ignore", EINVAL, "SIG" + signal.name());
  }
  return {};
}

sys::SessionMode session_mode(ChildSession session) {
  switch (session) {
    case ChildSession::keep:
      return sys::SessionMode::keep;
    case ChildSession::new_group:
      return sys::SessionMode::new_group;
    case ChildSession::new_session:
      return sys::SessionMode::new_session;
  }
  return sys::SessionMode::keep;
}

Result<> set_cgroup(const SpawnPlan& plan, ReadyRequest& ready) {
  if (plan.cgroup.empty()) return {};
  auto cgroup = sys::Cgroup::open(plan.cgroup.native());
  if (!cgroup) return Failure(cgroup.error());
  ready.request.cgroup = cgroup->fd();
  ready.cgroup = std::move(*cgroup);
  return {};
}

}  // namespace

Result<ReadyRequest> make_ready(const SpawnPlan& plan) {
  if (auto sound = check_words(plan); !sound) return Failure(sound.error());
  ReadyRequest ready;
  sys::SpawnRequest& request = ready.request;
  auto environment = environment_of(plan.environment);
  if (!environment) return Failure(environment.error());
  request.environment = std::move(*environment);
  request.directory = plan.directory.native();
  auto program = sys::resolve_program(plan.program.empty() ? plan.argv.front() : plan.program,
                                      sys::find_variable(request.environment, "PATH"), request.directory);
  if (!program) return Failure(program.error());
  request.program = std::move(*program);
  request.argv = plan.argv;
  if (plan.identity) {
    if (auto done = set_identity(*plan.identity, request); !done) return Failure(done.error());
  }
  request.session = session_mode(plan.session);
  request.ignored_signals = plan.ignored_signals;
  request.nice = plan.nice;
  for (const ResourceLimit& limit : plan.limits) request.limits.push_back({limit.resource, limit.soft, limit.hard});
  request.umask = plan.umask;
  request.new_privileges =
      plan.new_privileges == NewPrivileges::never ? sys::NewPrivileges::never : sys::NewPrivileges::allowed;
  request.other_fds = plan.remaining_fds == RemainingFds::kept ? sys::OtherFds::keep : sys::OtherFds::close;
  if (auto done = set_cgroup(plan, ready); !done) return Failure(done.error());
  if (auto done = prepare_fds(plan, ready); !done) return Failure(done.error());
  return ready;
}

}  // namespace foster
