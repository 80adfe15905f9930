// The output of services, read over the API: across rotations, and across the loss of a supervisor without losing
// or repeating a byte.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/client.hpp"

namespace foster::cli {

struct LogQuery {
  std::vector<std::string> names;                ///< Names or globs; all for none.
  std::optional<std::uint64_t> lines;            ///< The last lines of each; empty: everything kept.
  bool follow = false;                           ///< Go on.
  std::map<std::string, std::string> from = {};  ///< Instances that begin at this position, now or when they appear.
};

class LogFollower {
 public:
  using Sink = std::function<void(std::string_view name, std::string_view bytes)>;
  enum class State {
    going,
    done,     ///< All was read.
    gone,     ///< There is no foster any more.
    refused,  ///< `refusal` says why.
  };

  LogFollower(const Client& client, LogQuery query);

  /// Asks. @errors As Client::begin.
  [[nodiscard]] Result<> begin();
  /// Readable when there is something to `pump`.
  [[nodiscard]] BorrowedFd fd() const { return exchange_->fd(); }
  /// Takes in what is there. A lost connection is made anew, from where it was.
  /// @blocks While a lost supervisor is being replaced.
  [[nodiscard]] State pump(const Sink& sink);
  /// `pump` to the end; stops early when `is_enough` says so.
  [[nodiscard]] State finish(const Sink& sink, const std::function<bool()>& is_enough);

  [[nodiscard]] Reply refusal() const { return {.status = exchange_->status(), .body = exchange_->body()}; }

 private:
  struct Place {
    std::string position;  ///< After the last whole chunk.
    std::uint64_t seen = 0;
  };
  void note(const Piece& piece);
  [[nodiscard]] std::string target() const;

  const Client& client_;
  LogQuery query_;
  std::optional<Exchange> exchange_;
  std::map<std::string, Place, std::less<>> places_;
  bool has_begun_ = false;
};

}  // namespace foster::cli
