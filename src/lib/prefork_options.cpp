#include "lib/prefork_options.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace foster {
namespace {

Failure bad(const char* what) {
  return failure("prefork", EINVAL, what);
}

bool is_empty_time(const std::optional<std::chrono::milliseconds>& time) {
  return time && time->count() <= 0;
}

}  // namespace

Result<> check_options(const PreforkOptions& options) {
  if (options.workers == 0U) return bad("no workers");
  if (options.workers && *options.workers > kMostWorkers) return bad("more than 10000 workers");
  if (is_empty_time(options.ready_within)) return bad("no time to become ready");
  if (is_empty_time(options.heartbeat)) return bad("no time between heartbeats");
  if (is_empty_time(options.restart_window)) return bad("an empty restart window");
  if (options.brake.initial.count() < 0 || options.brake.max < options.brake.initial) return bad("brake");
  if (options.give_up_code == 0 || options.replace_code == 0) return bad("exit code 0 has its own meaning");
  if (options.give_up_code == options.replace_code) return bad("one exit code for two meanings");
  return {};
}

Result<std::optional<sys::Credentials>> find_worker_identity(const PreforkOptions& options) {
  if (!options.identity) return std::optional<sys::Credentials>();
  auto found = sys::find_credentials(options.identity->user, options.identity->group);
  if (!found) return Failure(found.error());
  const bool is_somebody_else = found->user.uid != ::getuid() || found->gid != ::getgid();
  if (is_somebody_else && ::geteuid() != 0) return failure("prefork", EPERM, "only root may change the workers' user");
  return std::optional(std::move(*found));
}

}  // namespace foster
