// What is applied, kept in the runtime directory: a recovered supervisor goes on with what ran, not
// with what a file says by then. What is to be applied next is a file of its own until the ledger knows what comes of
// it: so a change is begun as a whole, or not at all, whoever is lost meanwhile.
#pragma once

#include <set>
#include <string>

#include <foster/result.hpp>

#include "core/model.hpp"

namespace foster::supervisor {

/// Where the services of a model come from.
struct Origin {
  std::string config;            ///< The file that was applied; empty: none.
  std::set<std::string> ad_hoc;  ///< Services that `foster run` added; a file that is applied leaves them alone.
};

struct Definitions {
  core::Model model;
  Origin origin;
};

/// Replaces what is stored, atomically.
/// @errors From the file system; then the old ones stay.
[[nodiscard]] Result<> store_definitions(const std::string& path, const core::Model& model, const Origin& origin);

/// @errors `ENOENT` nothing was applied; `EBADMSG` the file is damaged, the detail says where.
[[nodiscard]] Result<Definitions> load_definitions(const std::string& path, const std::string& name);

/// What was to be applied is applied: the next file becomes the applied one.
/// @errors From the file system; then both stay.
[[nodiscard]] Result<> promote_definitions(const std::string& next, const std::string& applied);

/// The file's model with the ad hoc services of the current one that it does not name itself.
[[nodiscard]] core::Model with_ad_hoc(core::Model wanted, const core::Model& current, const Origin& origin);

}  // namespace foster::supervisor
