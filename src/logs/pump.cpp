#include "logs/pump.hpp"

namespace foster::logs {

Result<Pumped> Pump::pump(std::size_t budget) {
  auto pumped = move(budget);
  if (pumped) {
    stuck_.reset();
  } else {
    stuck_ = pumped.error();
  }
  return pumped;
}

Result<Pumped> Pump::move(std::size_t budget) {
  // A wake-up without bytes costs one ioctl, and creates no file.
  if (fifo_.available() == 0) return Pumped{};
  if (auto ready = file_.begin(); !ready) return std::unexpected(ready.error());
  Pumped pumped;
  while (pumped.bytes < budget) {
    const auto taken = file_.take_from(fifo_, budget - static_cast<std::size_t>(pumped.bytes));
    // What was moved before the failure is moved; the next call fails at once.
    if (!taken) return pumped.bytes > 0 ? Result<Pumped>(Pumped{pumped.bytes, true}) : std::unexpected(taken.error());
    if (*taken == 0) return pumped;
    pumped.bytes += *taken;
  }
  pumped.more = fifo_.available() > 0;
  return pumped;
}

}  // namespace foster::logs
