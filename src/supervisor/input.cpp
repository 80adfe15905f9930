#include "supervisor/input.hpp"

#include <cerrno>

namespace foster::supervisor {
namespace {
// Beside what the pipe itself takes. Whoever sends more to a service that reads nothing is told so.
constexpr std::size_t kMostWaiting = 1 << 20;
}  // namespace

std::string input_name(const std::string& fifo_name) {
  return fifo_name + ".in";
}

Input::Input(Loop& loop, BorrowedFd fifos, const std::string& fifo_name)
    : loop_(loop), fifos_(fifos), name_(input_name(fifo_name)) {}

Result<UniqueFd> Input::begin_run(sys::InputAccess access) {
  watch_.reset();
  fd_.reset();
  waiting_.clear();
  return sys::create_input_fifo(fifos_, name_, access);
}

Result<> Input::write(std::string_view bytes) {
  if (waiting_.size() + bytes.size() > kMostWaiting) return failure("write", ENOBUFS, "stdin");
  if (!waiting_.empty()) {
    waiting_ += bytes;
    return {};
  }
  auto fd = sys::open_input_fifo(fifos_, name_);
  if (!fd) return Failure(fd.error());
  const auto written = sys::write_input(*fd, bytes);
  if (!written) return Failure(written.error());
  if (*written == bytes.size()) return {};
  waiting_ = bytes.substr(*written);
  fd_ = std::move(*fd);
  watch_.emplace(loop_, fd_, [this] { write_more(); }, Watch::For::writing);
  return {};
}

void Input::write_more() {
  const auto written = sys::write_input(fd_, waiting_);
  if (written) {
    waiting_.erase(0, *written);
    if (!waiting_.empty()) return;
  }
  // All is written, or nobody reads it any more.
  waiting_.clear();
  watch_.reset();
  fd_.reset();
}

}  // namespace foster::supervisor
