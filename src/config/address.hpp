// Where a readiness probe connects: the texts of `ready.tcp` and `ready.http`.
#pragma once

#include <string>
#include <string_view>

#include "config/values.hpp"
#include "core/model.hpp"

namespace foster::config {

/// "127.0.0.1:6390", "[::1]:6390", "localhost:6390"; a port alone is on 127.0.0.1.
[[nodiscard]] Parsed<core::ReadyTcp> parse_tcp_address(std::string_view text);
[[nodiscard]] std::string format_tcp_address(const core::ReadyTcp& address);

/// "http://host[:port][/target]". Plain http only.
[[nodiscard]] Parsed<core::ReadyHttp> parse_http_url(std::string_view text);
[[nodiscard]] std::string format_http_url(const core::ReadyHttp& url);

}  // namespace foster::config
