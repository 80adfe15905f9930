#include "lib/adopted.hpp"

namespace foster {

bool is_certainly_adopted(const sys::ProcessStat& child, pid_t our_session) noexcept {
  // A session of 0 is outside of our pid namespace: it was entered from there.
  return child.session != 0 && child.session != our_session && child.session != child.pid;
}

}  // namespace foster
