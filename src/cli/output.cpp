#include "cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

namespace foster::cli {

void Output::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kEnough) flush();
}

void Output::print_arguments(fmt::string_view format, fmt::format_args arguments) {
  fmt::vformat_to(std::back_inserter(buffer_), format, arguments);
  if (buffer_.size() >= kEnough) flush();
}

void Output::flush() {
  if (fd_ < 0) return;
  std::string_view rest = buffer_;
  while (!rest.empty() && !is_broken_) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{fd_, POLLOUT, 0};
      (void)::poll(&ready, 1, -1);  // an error shows at the next write
    } else if (errno != EINTR) {
      is_broken_ = true;
    }
  }
  buffer_.clear();
}

bool Output::is_terminal() const {
  return fd_ >= 0 && ::isatty(fd_) == 1;
}

}  // namespace foster::cli
