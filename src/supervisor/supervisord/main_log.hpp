// The log of a supervisord itself: one line a message, "2024-06-05 03:16:12,123 INFO text", in its file, in syslog, and
// in the foreground also on standard output.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "config/supervisord/sections.hpp"
#include "sys/system_log.hpp"

namespace foster::supervisor::supervisord {

using Level = config::supervisord::LogLevel;

/// As it stands in the log, in local time.
[[nodiscard]] std::string line_of(Level level, std::string_view text, std::chrono::system_clock::time_point when);

class MainLog {
 public:
  struct Options {
    std::string file;                            ///< Absolute, or `kSyslog`: that never waits.
    std::optional<std::uint64_t> max_size = {};  ///< Empty: never rotated.
    unsigned keep = 0;                           ///< Older files; with 0 a full one is emptied.
    Level level = Level::info;
    std::shared_ptr<sys::SystemLog> system_log = {};
    std::optional<BorrowedFd> also_to = {};  ///< Gets each line, too, unless it takes none at the moment.
  };

  /// @errors Those of open(2); then nothing goes to the file until `reopen` can.
  [[nodiscard]] Result<> open(Options options);

  /// Whether messages of this level are written at all.
  [[nodiscard]] bool takes(Level level) const { return level <= options_.level; }
  void write(Level level, std::string_view text);

  /// The file by its name again, which others may have moved.
  [[nodiscard]] Result<> reopen();
  /// Begins with nothing. @errors `ENOENT` it is no file that can be read, or gone.
  [[nodiscard]] Result<> clear();
  /// Where it can be read; empty: nowhere.
  [[nodiscard]] std::string path() const;

 private:
  [[nodiscard]] bool goes_to_syslog() const { return options_.file == config::supervisord::kSyslog; }
  void rotate();

  Options options_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  bool can_rotate_ = false;  ///< A regular file.
};

}  // namespace foster::supervisor::supervisord
