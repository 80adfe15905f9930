// What daemonize_by_reexec tells the program that it has started: the options, since another process takes the steps.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/daemonize.hpp>

namespace foster {

struct ReexecMessage {
  DaemonizeOptions options;
  pid_t launcher = 0;
  std::vector<std::string> names;  ///< Of the descriptors that come along, in their order.
};

/// Texts with a zero byte behind each; none of them holds one. `patience` is the launcher's alone and left out.
[[nodiscard]] std::string to_bytes(const ReexecMessage& message);

/// Empty for anything that `to_bytes` did not write.
[[nodiscard]] std::optional<ReexecMessage> reexec_message_from(std::string_view bytes);

}  // namespace foster
