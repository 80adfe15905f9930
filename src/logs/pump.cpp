#include "logs/pump.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string_view>

namespace foster::logs {
namespace {

/// What is thrown away at once.
constexpr std::size_t kPortion = 64 * 1024;
constexpr unsigned kPortionsInARow = 64;

bool is_lack_of_space(const Error& error) {
  return error.code == ENOSPC || error.code == EDQUOT;
}

}  // namespace

Result<Pumped> Pump::pump(std::size_t budget) {
  auto pumped = move(budget);
  if (pumped) {
    stuck_.reset();
  } else {
    stuck_ = pumped.error();
  }
  return pumped;
}

Result<Pumped> Pump::pump_or_drop(std::size_t budget) {
  auto pumped = pump(budget);
  // The FIFO is the reserve: while half of it is free, nothing is given up.
  while (!pumped && is_lack_of_space(pumped.error()) && fifo_.excess() > 0 && file_.remove_oldest(losses_)) {
    pumped = pump(budget);
  }
  if (!pumped) drop_excess(pumped.error().code);
  return pumped;
}

void Pump::drop_excess(int code) {
  if (fifo_.excess() == 0) return;
  // Whoever writes faster than this must not hold us for ever.
  for (unsigned portions = 0; portions < kPortionsInARow; ++portions) {
    const std::size_t excess = fifo_.excess();
    if (excess == 0) break;
    if (!drop(std::min(excess, kPortion), code)) return;
  }
  // What is kept begins with a whole line, where one is in sight.
  std::array<char, 16 * 1024> ahead;
  const auto seen = fifo_.peek(ahead);
  if (!seen) return;
  const auto newline = std::string_view(ahead.data(), *seen).find('\n');
  if (newline != std::string_view::npos) (void)drop(newline + 1, code);
}

bool Pump::drop(std::size_t bytes, int code) {
  losses_.add_output(bytes, code);
  const auto gone = fifo_.discard(bytes);  // they are there: we are the only reader
  return gone && *gone == bytes;
}

Result<Pumped> Pump::move(std::size_t budget) {
  // A wake-up without bytes costs one ioctl, and creates no file.
  if (fifo_.available() == 0 && !has_more()) return Pumped{};
  if (auto ready = file_.begin(); !ready) return std::unexpected(ready.error());
  if (has_more()) {
    if (auto passed = sieve_->pass(file_); !passed) return std::unexpected(passed.error());
  }
  if (auto told = tell_losses(); !told) return std::unexpected(told.error());
  Pumped pumped;
  while (pumped.bytes < budget) {
    const std::size_t left = budget - static_cast<std::size_t>(pumped.bytes);
    const auto taken = sieve_ ? sieve_->take_from(fifo_, file_, left) : file_.take_from(fifo_, left);
    // What was moved before the failure is moved; the next call fails at once.
    if (!taken) return pumped.bytes > 0 ? Result<Pumped>(Pumped{pumped.bytes, true}) : std::unexpected(taken.error());
    if (*taken == 0) return pumped;
    pumped.bytes += *taken;
  }
  pumped.more = fifo_.available() > 0;
  return pumped;
}

Result<> Pump::tell_losses() {
  if (losses_.untold() == 0) return {};
  if (auto written = file_.write_line(losses_.line()); !written) return written;
  losses_.told();
  return {};
}

Result<> Pump::finish_run() {
  if (!sieve_) return {};
  if (auto ready = file_.begin(); !ready) return ready;
  return sieve_->finish_run(file_);
}

}  // namespace foster::logs
