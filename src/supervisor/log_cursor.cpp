#include "supervisor/log_cursor.hpp"

#include <chrono>
#include <utility>

#include "sys/clock.hpp"

namespace foster::supervisor {
namespace {
constexpr std::chrono::seconds kLookForOutput{1};
}  // namespace

LogCursor::LogCursor(Loop& loop, logs::LogReader reader, std::function<Output*()> find_output)
    : loop_(loop), reader_(std::move(reader)), find_output_(std::move(find_output)), timer_(loop, [this] { wake(); }) {}

bool LogCursor::read(std::string& out, std::size_t most) {
  const auto size = reader_.read(out, most);
  return size && *size > 0;
}

void LogCursor::when_more(std::move_only_function<void()> more) {
  more_ = std::move(more);
  if (Output* output = find_output_()) {
    token_ = output->on_growth([this] { wake(); });
  } else {
    token_.reset();
    timer_.arm(core::Instant(sys::monotonic_now() + kLookForOutput));
  }
}

std::string LogCursor::position() const {
  return reader_.position();
}

void LogCursor::wake() {
  if (auto more = std::exchange(more_, nullptr)) more();
}

}  // namespace foster::supervisor
