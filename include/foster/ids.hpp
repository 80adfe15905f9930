// Process, process group and session ids as distinct types with no "none" value.
#pragma once

#include <sys/types.h>

#include <cassert>
#include <compare>
#include <functional>

namespace foster {

/// One of the kernel's id numbers. Never 0 and never negative: `kill(0)` and `kill(-1)` mean
/// "everybody near", so absence is `std::optional` and nothing else (kill(2)).
template <class Tag>
class Id {
 public:
  explicit constexpr Id(pid_t number) noexcept : number_(number) { assert(number > 0); }

  [[nodiscard]] constexpr pid_t number() const noexcept { return number_; }

  friend constexpr auto operator<=>(const Id&, const Id&) = default;

 private:
  pid_t number_;
};

/// A process. For printing and looking up; to signal one, hold a process handle.
using Pid = Id<struct PidTag>;
/// A process group (setpgid(2)).
using Pgid = Id<struct PgidTag>;
/// A session (setsid(2)).
using Sid = Id<struct SidTag>;

}  // namespace foster

template <class Tag>
struct std::hash<foster::Id<Tag>> {
  std::size_t operator()(foster::Id<Tag> id) const noexcept { return std::hash<pid_t>{}(id.number()); }
};
