// What one log of many is called: "web" is what web wrote; "web/stderr" what it wrote to stderr, where that is kept
// apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model.hpp"

namespace foster::api {

/// As people ask for logs: "web" and "web*" for all of it, "web/stdout" and "web/stderr" for one stream.
struct LogPattern {
  std::string instances;  ///< A name or a glob.
  std::optional<core::Stream> stream;
  [[nodiscard]] bool wants(core::Stream one) const { return !stream || *stream == one; }
};

[[nodiscard]] inline LogPattern parse_log_pattern(std::string_view text) {
  for (const auto& [ending, stream] : {std::pair(std::string_view("/stdout"), core::Stream::out),
                                       std::pair(std::string_view("/stderr"), core::Stream::err)}) {
    if (text.ends_with(ending)) return {std::string(text.substr(0, text.size() - ending.size())), stream};
  }
  return {std::string(text), std::nullopt};
}

[[nodiscard]] inline std::string log_name(std::string_view instance, core::Stream stream) {
  return std::string(instance) + (stream == core::Stream::err ? "/stderr" : "");
}

}  // namespace foster::api
