// Capabilities by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace foster::insight {

/// "chown", "net_bind_service"…, in the kernel's order; a bit without a name is its number.
[[nodiscard]] std::vector<std::string> capability_names(std::uint64_t mask);

/// Whether it has all that root has, as far as this kernel knows.
[[nodiscard]] bool has_all_capabilities(std::uint64_t mask);

}  // namespace foster::insight
