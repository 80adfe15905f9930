// From a FIFO to a log for output that is looked at on the way: parts are left out, and whoever wants to know is told.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include <foster/result.hpp>
#include "logs/log_file.hpp"
#include "logs/output_filter.hpp"
#include "logs/staged.hpp"
#include "sys/fifo.hpp"

namespace foster::logs {

/// What is told of output.
enum class OutputPart : std::uint8_t {
  written,   ///< It is in the log, or would be if there were one.
  captured,  ///< A whole message from between the tags.
};

struct ToldOutput {
  OutputPart part;
  std::string_view text;
  OutputMark until;  ///< What was told before may be told again after a kill, with the same mark.
};

/// No byte is lost and none is logged twice, at whatever instant we are killed.
class Sieve {
 public:
  using Tell = std::function<void(const ToldOutput&)>;

  Sieve(Staged staged, const FilterRules& rules, Tell tell);

  /// Moves one portion. After `LogFile::begin`.
  /// @return How many bytes left the FIFO; 0: there were none.
  /// @errors Of the file; what was taken and not written waits, and goes first.
  [[nodiscard]] Result<std::size_t> take_from(sys::FifoReader& fifo, LogFile& file, std::size_t most);

  /// Something that was taken waits for the file.
  [[nodiscard]] bool has_more() const noexcept { return has_more_; }
  /// Passes on what waits.
  [[nodiscard]] Result<> pass(LogFile& file) { return pass(file, More::may_come); }
  /// Nothing more comes of this run: what could have become a tag or a message is ordinary output.
  [[nodiscard]] Result<> finish_run(LogFile& file) { return pass(file, More::is_none); }

 private:
  [[nodiscard]] Result<> pass(LogFile& file, More more);
  [[nodiscard]] Result<> write(LogFile& file, std::string_view text);

  Staged staged_;
  OutputFilter filter_;
  Tell tell_;
  std::optional<LogFile::Spot> found_;  ///< Where somebody before us was writing.
  bool has_more_ = false;
};

}  // namespace foster::logs
