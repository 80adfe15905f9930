// What the path of a request means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "compat/daemon.hpp"

namespace foster::compat {

struct HttpTarget {
  enum class Kind : std::uint8_t { unknown, rpc, process_log, main_log, page };
  Kind kind = Kind::unknown;
  std::string process = {};  ///< As it was addressed.
  Channel channel = Channel::standard_output;
  std::string path = {};  ///< Of a page.
  std::string query = {};
};

/// By the beginning of the path, so that "/RPC2/" is "/RPC2".
[[nodiscard]] HttpTarget http_target_from(std::string_view path);

/// The file of the log that it means, up to date; empty where there is none.
[[nodiscard]] std::string log_path_of(Daemon& daemon, const HttpTarget& target);

}  // namespace foster::compat
