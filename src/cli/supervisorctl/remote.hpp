// A supervisord from outside: its methods, and its logs as they grow.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/exchange.hpp"
#include "cli/supervisorctl/trouble.hpp"
#include "compat/xml_rpc_value.hpp"

namespace foster::cli::supervisorctl {

struct Credentials {
  std::string username;
  std::string password;
};

struct Remote {
  std::string url;
  std::optional<Credentials> credentials = {};

  /// Asks for "supervisor.METHOD" over a connection of its own.
  /// @blocks Until the answer is there, as long as that takes.
  [[nodiscard]] Answer<compat::Value> call(std::string_view method, compat::Array parameters = {}) const;

  /// Begins to read "/logtail/…" or "/mainlogtail".
  [[nodiscard]] Answer<Exchange> follow(std::string_view path) const;
};

}  // namespace foster::cli::supervisorctl
