// The stdin of an instance that is a pipe: what is sent to it goes in as there is room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "supervisor/loop.hpp"
#include "sys/input_fifo.hpp"

namespace foster::supervisor {

class Input {
 public:
  /// @param fifo_name Names the FIFO; the slot's, so that a recovered supervisor finds it.
  Input(Loop& loop, BorrowedFd fifos, const std::string& fifo_name);

  /// An empty pipe for a new run. @return The end for the service.
  [[nodiscard]] Result<UniqueFd> begin_run(sys::InputAccess access);

  /// Goes in at once, or as soon as the service has read what is before it.
  /// @errors `ENXIO`, `EPIPE` the service has closed it; `ENOBUFS` too much waits already, and nothing was taken.
  [[nodiscard]] Result<> write(std::string_view bytes);

 private:
  void write_more();

  Loop& loop_;
  BorrowedFd fifos_;
  std::string name_;
  std::string waiting_;
  UniqueFd fd_;  ///< While something waits.
  std::optional<Watch> watch_;
};

/// The FIFO for stdin, beside the one for output.
[[nodiscard]] std::string input_name(const std::string& fifo_name);

}  // namespace foster::supervisor
