// A log that is shown as it grows.
#pragma once

#include <optional>
#include <string>

#include "cli/supervisorctl/session.hpp"

namespace foster::cli::supervisorctl {

class GrowingLog {
 public:
  /// Begins to read the path. What goes wrong, now or later, is said on standard error.
  GrowingLog(Session& session, std::string path);

  /// Nothing comes any more.
  [[nodiscard]] bool is_over() const { return !exchange_; }
  /// Shows what is there.
  void pump();
  /// To wait for, while it is not over.
  [[nodiscard]] BorrowedFd fd() const { return exchange_->fd(); }

 private:
  void complain(const std::string& what);

  Session& session_;
  std::string path_;
  std::optional<Exchange> exchange_;
};

}  // namespace foster::cli::supervisorctl
