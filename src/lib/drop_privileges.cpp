#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <foster/daemonize.hpp>
#include "lib/daemon_steps.hpp"
#include "sys/check.hpp"

namespace foster {
namespace {

using sys::check_done;

bool is_already(uid_t uid, gid_t gid) noexcept {
  uid_t real_uid = 0, effective_uid = 0, saved_uid = 0;
  gid_t real_gid = 0, effective_gid = 0, saved_gid = 0;
  return ::getresuid(&real_uid, &effective_uid, &saved_uid) == 0 &&
         ::getresgid(&real_gid, &effective_gid, &saved_gid) == 0 && real_uid == uid && effective_uid == uid &&
         saved_uid == uid && real_gid == gid && effective_gid == gid && saved_gid == gid;
}

}  // namespace

Result<> become(const sys::Credentials& credentials) {
  const uid_t uid = credentials.user.uid;
  const gid_t gid = credentials.gid;
  if (is_already(uid, gid)) return {};
  const auto& groups = credentials.groups;
  // glibc's calls, not the kernel's: they change every thread.
  if (auto done = check_done(::setgroups(groups.size(), groups.data()), "setgroups"); !done) return done;
  if (auto done = check_done(::setresgid(gid, gid, gid), "setgid", std::to_string(gid)); !done) return done;
  if (auto done = check_done(::setresuid(uid, uid, uid), "setuid", std::to_string(uid)); !done) return done;
  if (uid != 0 && ::setresuid(0, 0, 0) == 0) return failure("setuid", EPERM, "root could be had again");
  return {};
}

Result<> drop_privileges(const UserAndGroup& identity) {
  const auto credentials = sys::find_credentials(identity.user, identity.group);
  if (!credentials) return Failure(credentials.error());
  return become(*credentials);
}

}  // namespace foster
