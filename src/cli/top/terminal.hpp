// The terminal that this program was started in, taken for a screen of its own and given back as it was.
#pragma once

#include <termios.h>

#include <optional>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "cli/top/grid.hpp"

namespace foster::cli::top {

/// Keys come one by one and are not echoed; Ctrl-C and Ctrl-Z still are signals. Destroying it gives everything back.
/// It is opened anew, so that it can be read and written without ever waiting and without changing that for others.
class Terminal {
 public:
  /// Opens the terminal behind this descriptor, or the controlling one. It is not taken yet.
  /// @errors `ENOTTY`, `ENXIO`, `EACCES`: there is none that can be opened.
  [[nodiscard]] static Result<Terminal> open(BorrowedFd like);

  Terminal(Terminal&&) noexcept = default;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal() { give_back(); }

  /// Takes it for a screen, whose content is not known. May be called again.
  /// @errors tcsetattr(3)'s: the terminal is gone.
  [[nodiscard]] Result<> take();
  /// As it was found. May be called again.
  /// @blocks For a fraction of a second where the terminal takes nothing.
  void give_back() noexcept;

  /// 80x24 where the terminal does not know.
  [[nodiscard]] Size size() const;
  [[nodiscard]] BorrowedFd fd() const { return fd_; }

  /// What was typed; empty: nothing now. @errors `EIO`, also at its end: the connection is lost.
  [[nodiscard]] Result<std::string> read();

  /// Hands on as much as the terminal takes now; the rest waits for `flush`.
  /// @errors `EIO` the connection is lost.
  [[nodiscard]] Result<> write(std::string_view bytes);
  [[nodiscard]] Result<> flush();
  /// Something waits: poll for `POLLOUT`.
  [[nodiscard]] bool is_busy() const { return !unsent_.empty(); }

 private:
  explicit Terminal(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  std::optional<termios> found_;  ///< While it is taken.
  std::string unsent_;
};

}  // namespace foster::cli::top
