// Where the text of a page comes from: the output of a service as it is written, or the answers to why it is in its
// state.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/client.hpp"
#include "cli/replies.hpp"
#include "cli/top/feed.hpp"
#include "cli/top/page.hpp"

namespace foster::cli::top {

class Source {
 public:
  virtual ~Source() = default;
  /// Takes in what is there, asks for what is due, and puts it on the page.
  virtual void pump(Page& page, Moment now) = 0;
  virtual void watch(std::vector<pollfd>& fds) const = 0;
  /// When to `pump` at the latest; empty: when something can be read.
  [[nodiscard]] virtual std::optional<Moment> next() const = 0;
};

/// What a service writes, from its last lines on; goes on when a lost foster is back, where it was.
/// @param client Without patience; outlives the source.
[[nodiscard]] std::unique_ptr<Source> follow_log(const Client& client, const std::string& name);

/// What `foster why` tells.
[[nodiscard]] std::unique_ptr<Source> ask_why(const Client& client, const Row& row);

}  // namespace foster::cli::top
