// What was asked of foster and is not done yet: starts, stops and restarts, each with a connection of its own.
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/client.hpp"
#include "cli/top/feed.hpp"
#include "cli/top/model.hpp"

namespace foster::cli::top {

class Deeds {
 public:
  /// @param client Without patience; outlives this.
  Deeds(const Client& client, std::string foster) : client_(client), foster_(std::move(foster)) {}

  /// Asks for it. @return What to tell: that it was asked, or why not.
  [[nodiscard]] Message begin(const wish::Change& change);
  /// Takes in what is there, and asks again where the supervisor was lost.
  /// @return What to tell of one that is over.
  [[nodiscard]] std::optional<Message> pump(Moment now);

  void watch(std::vector<pollfd>& fds) const;
  /// When to `pump` at the latest; empty: when something can be read.
  [[nodiscard]] std::optional<Moment> next() const;

 private:
  struct Deed {
    api::Verb verb;
    std::string whom;  ///< "web", "3 services"
    Question question;
    std::optional<Exchange> exchange;
    std::string body = {};
    Moment retry{};
    unsigned tries = 0;
  };
  [[nodiscard]] std::optional<Message> pump(Deed& deed, Moment now);
  [[nodiscard]] std::optional<Message> lose(Deed& deed, Moment now) const;

  const Client& client_;
  std::string foster_;
  std::vector<Deed> deeds_;
};

/// How it came out: "web stopped", or the first that did not do it, and why.
[[nodiscard]] Message outcome_message(api::Verb verb, const std::string& whom, const Reply& reply);

}  // namespace foster::cli::top
