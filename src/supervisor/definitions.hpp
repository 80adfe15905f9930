// What is applied, kept in the runtime directory: a recovered supervisor goes on with what ran, not
// with what a file says by then.
#pragma once

#include <set>
#include <string>

#include <foster/result.hpp>

#include "core/model.hpp"

namespace foster::supervisor {

struct Definitions {
  core::Model model;
  std::string config;            ///< The file that was applied; empty: none.
  std::set<std::string> ad_hoc;  ///< Services that `foster run` added; a file that is applied leaves them alone.
};

/// Replaces what is stored, atomically.
/// @errors From the file system; then the old ones stay.
[[nodiscard]] Result<> store_definitions(const std::string& path, const Definitions& definitions);

/// @errors `ENOENT` nothing was applied; `EBADMSG` the file is damaged, the detail says where.
[[nodiscard]] Result<Definitions> load_definitions(const std::string& path, const std::string& name);

/// The file's model with the ad hoc services it does not name itself.
[[nodiscard]] core::Model with_ad_hoc(core::Model wanted, const Definitions& current);

}  // namespace foster::supervisor
