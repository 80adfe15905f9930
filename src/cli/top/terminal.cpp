#include "cli/top/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "cli/top/ecma48.hpp"
#include "sys/files.hpp"

namespace foster::cli::top {
namespace {

constexpr int kOpenFlags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr Size kUsualSize{.rows = 24, .columns = 80};
// A terminal that says it is larger than this is mistaken, and would cost memory.
constexpr std::size_t kMostRows = 1000;
constexpr std::size_t kMostColumns = 2000;
constexpr int kFarewellMilliseconds = 200;

}  // namespace

Result<Terminal> Terminal::open(BorrowedFd like) {
  // The descriptor's own file first: it is the right one also where it is not the controlling terminal. It may belong
  // to somebody else (after su), or /proc may be missing.
  auto fd = sys::open_file("/proc/self/fd/" + std::to_string(like.get()), kOpenFlags);
  if (!fd) fd = sys::open_file("/dev/tty", kOpenFlags);
  if (!fd) return Failure(fd.error());
  if (::isatty(fd->get()) != 1) return failure("open", ENOTTY, "the terminal");
  return Terminal(std::move(*fd));
}

Result<> Terminal::take() {
  termios raw{};
  if (::tcgetattr(fd_.get(), &raw) != 0) return failure("tcgetattr", errno, "the terminal");
  const bool is_ours = found_.has_value();
  if (!is_ours) found_ = raw;
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IGNCR | IXON);
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | IEXTEN);
  raw.c_cc[VMIN] = 1;  // so that nothing typed and the end of the terminal read differently
  raw.c_cc[VTIME] = 0;
  while (::tcsetattr(fd_.get(), TCSANOW, &raw) != 0) {
    if (errno != EINTR) return failure("tcsetattr", errno, "the terminal");
  }
  unsent_.clear();
  // To enter twice would forget where the cursor was.
  return is_ours ? Result<>{} : write(kEnterScreen);
}

void Terminal::give_back() noexcept {
  if (!fd_ || !found_) return;
  // Best effort: where the connection is lost there is nobody to give it back to.
  unsent_ = std::string(kLeaveScreen);
  for (int tries = 0; tries < 4 && is_busy(); ++tries) {
    if (!flush()) break;
    if (!is_busy()) break;
    pollfd ready{fd_.get(), POLLOUT, 0};
    (void)::poll(&ready, 1, kFarewellMilliseconds / 4);
  }
  unsent_.clear();
  while (::tcsetattr(fd_.get(), TCSANOW, &*found_) != 0 && errno == EINTR) {
  }
  found_.reset();
}

Size Terminal::size() const {
  winsize size{};
  if (::ioctl(fd_.get(), TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return kUsualSize;
  return {.rows = std::min<std::size_t>(size.ws_row, kMostRows),
          .columns = std::min<std::size_t>(size.ws_col, kMostColumns)};
}

Result<std::string> Terminal::read() {
  std::array<char, 512> bytes;
  const ssize_t count = ::read(fd_.get(), bytes.data(), bytes.size());
  if (count > 0) return std::string(bytes.data(), static_cast<std::size_t>(count));
  if (count == 0) return failure("read", EIO, "the terminal");
  if (errno == EAGAIN || errno == EINTR) return std::string();
  return failure("read", errno, "the terminal");
}

Result<> Terminal::write(std::string_view bytes) {
  unsent_ += bytes;
  return flush();
}

Result<> Terminal::flush() {
  while (!unsent_.empty()) {
    const ssize_t count = ::write(fd_.get(), unsent_.data(), unsent_.size());
    if (count > 0) {
      unsent_.erase(0, static_cast<std::size_t>(count));
    } else if (count == 0 || errno == EAGAIN) {
      return {};
    } else if (errno != EINTR) {
      return failure("write", errno, "the terminal");
    }
  }
  return {};
}

}  // namespace foster::cli::top
