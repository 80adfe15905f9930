// Whom a process is to become.
#pragma once

#include <string>

namespace foster {

/// Whom to become, looked up before anything is changed. Names or numbers.
struct UserAndGroup {
  std::string user = {};   ///< Empty: stay.
  std::string group = {};  ///< Empty: the user's own group.
  friend bool operator==(const UserAndGroup&, const UserAndGroup&) = default;
};

}  // namespace foster
