#include "cli/supervisord/become.hpp"

#include <grp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sys/credentials.hpp"

namespace foster::cli::supervisord {
namespace {

using Done = std::expected<void, std::string>;
using Problem = std::unexpected<std::string>;

Done raise_limit(decltype(RLIMIT_NOFILE) which, std::int64_t least, std::string_view what) {
  rlimit limit{};
  const auto wanted = static_cast<rlim_t>(std::max<std::int64_t>(least, 0));
  if (::getrlimit(which, &limit) != 0 || limit.rlim_cur >= wanted) return {};  // RLIM_INFINITY is the largest number
  const rlimit raised{wanted, std::max(limit.rlim_max, wanted)};
  if (::setrlimit(which, &raised) == 0) return {};
  return Problem(fmt::format("the limit of {} is {}, and cannot be raised to {}: {}", what, limit.rlim_cur, wanted,
                             std::strerror(errno)));
}

}  // namespace

Done raise_limits(const config::supervisord::Daemon& daemon) {
  if (auto done = raise_limit(RLIMIT_NOFILE, daemon.minfds, "open files (minfds)"); !done) return done;
  return raise_limit(RLIMIT_NPROC, daemon.minprocs, "processes (minprocs)");
}

Done become_user(const config::supervisord::Daemon& daemon) {
  if (!daemon.user || daemon.user->uid == ::geteuid()) return {};
  if (::geteuid() != 0) return Problem("Can't drop privilege as nonroot user");
  const auto wanted = sys::find_credentials(std::to_string(daemon.user->uid), "");
  if (!wanted) return Problem(to_string(wanted.error()));
  const bool is_done = ::setgroups(wanted->groups.size(), wanted->groups.data()) == 0 &&
                       ::setresgid(wanted->gid, wanted->gid, wanted->gid) == 0 &&
                       ::setresuid(wanted->user.uid, wanted->user.uid, wanted->user.uid) == 0;
  if (is_done) return {};
  return Problem(fmt::format("cannot become user {}: {}", daemon.user->text, std::strerror(errno)));
}

}  // namespace foster::cli::supervisord
