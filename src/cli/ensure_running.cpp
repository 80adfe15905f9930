#include "cli/ensure_running.hpp"

#include "cli/client.hpp"
#include "cli/launch.hpp"

namespace foster::cli {

bool is_running(const Target& target) {
  return Client(target.directories).get("/v1/info").has_value();
}

std::optional<ExitCode> ensure_running(Context& context, const Target& target) {
  if (is_running(target)) return std::nullopt;
  const auto launched = launch({.name = target.name, .directories = target.directories});
  // Somebody else may have started it in the same moment: then it is there, and that is all that was wanted.
  if (launched || is_running(target)) return std::nullopt;
  context.complain("{}", to_string(launched.error()));
  return ExitCode::failed;
}

}  // namespace foster::cli
