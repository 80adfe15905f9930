// What a foster that runs as supervisord goes by, as one JSON text that survives whoever has read the configuration.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/supervisord/sections.hpp"

namespace foster::config::supervisord {

/// How it was started: what its own words say, which win over the file at each reading.
struct Start {
  std::string config = {};                                         ///< The file. Absolute.
  std::map<std::string, std::string, std::less<>> overrides = {};  ///< Keys of [supervisord].
  std::string directory = {};                                      ///< Where; relative paths mean this one. Absolute.
};

/// Where it is in its life. What is stored is always about to be done: whoever finds it does it again.
enum class Stage : std::uint8_t {
  starting,  ///< All groups that are available are to become active, and to start.
  running,
  restarting,  ///< All processes are to end; then it starts anew.
  ending,      ///< All processes are to end, and it with them.
};

struct Kept {
  Stage stage = Stage::starting;
  Config config = {};  ///< Available; without what is about its text.
  /// Each as it was when it was added: one that is available as it was then is the same object.
  std::vector<SharedGroup> active = {};
  /// Those that were added since the configuration was read.
  std::vector<std::string> added_since = {};
};

[[nodiscard]] std::string to_json(const Start& start);
[[nodiscard]] std::string to_json(const Kept& kept);
/// @errors What is wrong with the text.
[[nodiscard]] std::expected<Start, std::string> start_from_json(std::string_view text);
[[nodiscard]] std::expected<Kept, std::string> kept_from_json(std::string_view text);

/// Whether a group is what it was, as a reread finds it: a log that foster names itself, on either side, is as good as
/// any other, and whom a FastCGI socket belongs to does not count.
[[nodiscard]] bool is_same(const Group& one, const Group& other);

}  // namespace foster::config::supervisord
