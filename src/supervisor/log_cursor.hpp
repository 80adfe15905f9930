// A client's way through one instance's output.
#pragma once

#include <memory>
#include <string>

#include "api/service.hpp"
#include "logs/tail.hpp"
#include "supervisor/loop.hpp"
#include "supervisor/output.hpp"

namespace foster::supervisor {

/// Reads from the log files; told by the output when there is more. An instance without an output
/// (it has not run yet) is looked at once a second while somebody waits.
class LogCursor final : public api::LogCursor {
 public:
  /// @param find_output Gives the instance's output, or null while it has none.
  LogCursor(Loop& loop, logs::LogReader reader, std::function<Output*()> find_output);

  [[nodiscard]] bool read(std::string& out, std::size_t most) override;
  void when_more(std::move_only_function<void()> more) override;
  [[nodiscard]] std::string position() const override;

 private:
  void wake();

  Loop& loop_;
  logs::LogReader reader_;
  std::function<Output*()> find_output_;
  std::move_only_function<void()> more_;
  Output::Token token_;
  Timer timer_;
};

}  // namespace foster::supervisor
