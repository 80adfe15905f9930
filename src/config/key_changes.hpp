// Two definitions of one service compared key by key, as they would be written.
#pragma once

#include <string>
#include <vector>

#include "core/model.hpp"

namespace foster::config {

struct KeyChange {
  std::string key;
  std::string from;  ///< As in foster.toml; empty: the default.
  std::string to;
  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

/// The keys that differ, in the order of the table of keys.
[[nodiscard]] std::vector<KeyChange> changed_keys(const core::Service& from, const core::Service& to);

}  // namespace foster::config
