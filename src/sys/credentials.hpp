// Users and groups by name or number, looked up before the clone: NSS allocates, reads files and may ask the network.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/result.hpp>

namespace foster::sys {

/// What the user database says.
struct User {
  std::string name;  ///< Empty for a number that nobody has.
  uid_t uid = 0;
  gid_t gid = 0;      ///< Primary group. Of an unknown number: the same number.
  std::string home;   ///< "/" when unknown.
  std::string shell;  ///< "/bin/sh" when unknown.
};

/// By name, or by number when it consists of digits; a number need not be in the database.
/// @errors "user www-dat: no such user", with code 0; `ERANGE` no valid number; or what NSS says (`EIO`, `EMFILE`).
/// @blocks On the user database.
[[nodiscard]] Result<User> find_user(std::string_view name_or_number);

/// By number.
[[nodiscard]] Result<User> find_user(uid_t uid);

/// By name, or by number when it consists of digits; a number need not be in the database.
/// @errors As `find_user`.
[[nodiscard]] Result<gid_t> find_group(std::string_view name_or_number);

/// The supplementary groups of a user, `primary` included. A user without a name has just that one.
[[nodiscard]] Result<std::vector<gid_t>> supplementary_groups(const User& user, gid_t primary);

/// All that the child needs to become somebody.
struct Credentials {
  User user;
  gid_t gid;
  std::vector<gid_t> groups;
};

/// Both lookups in one: an empty group means the user's own; an empty user means ours, with the given group.
[[nodiscard]] Result<Credentials> find_credentials(std::string_view user, std::string_view group);

}  // namespace foster::sys
