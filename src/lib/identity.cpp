#include "lib/identity.hpp"

#include <unistd.h>

#include <utility>

#include "sys/credentials.hpp"

namespace foster {

Result<> set_identity(const UserAndGroup& identity, sys::SpawnRequest& request) {
  if (identity.user.empty() && identity.group.empty()) return {};
  auto credentials = sys::find_credentials(identity.user, identity.group);
  if (!credentials) return Failure(credentials.error());
  request.gid = credentials->gid;
  if (!identity.user.empty()) {
    request.uid = credentials->user.uid;
    request.groups = std::move(credentials->groups);
  }
  // Only root can change groups.
  if (request.uid && *request.uid == ::geteuid() && ::geteuid() != 0) {
    request.uid.reset();
    request.groups.reset();
    if (request.gid == ::getegid()) request.gid.reset();
  }
  return {};
}

}  // namespace foster
