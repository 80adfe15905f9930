// What the configuration as last read would run: in a file of the runtime directory, and in memory only while somebody
// asks for it.
#pragma once

#include <optional>
#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "core/model.hpp"

namespace foster::supervisor::supervisord {

class Available {
 public:
  /// @param path The file. Its directory is there when anything is stored.
  explicit Available(std::string path) : path_(std::move(path)) {}

  /// Replaces what was available. @errors From the file system; then the old stays.
  [[nodiscard]] Result<> store(core::Model model, const std::string& config);
  /// Goes on with what an earlier one has stored.
  [[nodiscard]] Result<> recall();
  /// Stores it once more: its directory may have been removed, and made again.
  [[nodiscard]] Result<> keep() const;
  /// Nothing was stored that could be recalled.
  void forget_stored() const;

  /// Of use until the next call of another method.
  /// @errors From the file system; `EBADMSG` the file is damaged.
  [[nodiscard]] Result<const core::Model*> model() const;
  /// Nobody will ask for a while.
  void rest() const { model_.reset(); }

 private:
  std::string path_;
  UniqueFd file_;  ///< So that it can be read when it has no name any more.
  mutable std::optional<core::Model> model_;
};

}  // namespace foster::supervisor::supervisord
