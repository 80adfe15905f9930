// What of a service's output goes to its log: not the sequences that colour a terminal, and not what stands between
// the tags of a message to listeners. A pure function of bytes, taken piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace foster::logs {

struct FilterRules {
  bool strips_ansi = false;  ///< Leaves out ESC [ … and a final letter.
  /// Tags have a meaning, and so many bytes between them are kept, the last ones.
  std::optional<std::uint64_t> capture = {};
};

inline constexpr std::string_view kBeginTag = "<!--XSUPERVISOR:BEGIN-->";
inline constexpr std::string_view kEndTag = "<!--XSUPERVISOR:END-->";

/// The next piece of output, `size` bytes from the front.
struct Piece {
  enum class Kind : std::uint8_t {
    text,      ///< Goes to the log as it is.
    nothing,   ///< Is left out.
    captured,  ///< A whole message, with its closing tag behind `text` bytes.
    unclear,   ///< More bytes must tell; `size` is 0.
  };
  Kind kind = Kind::unclear;
  std::size_t size = 0;
  std::size_t text = 0;
  friend bool operator==(const Piece&, const Piece&) = default;
};

/// Whether more may come.
enum class More : std::uint8_t { may_come, is_none };

class OutputFilter {
 public:
  explicit OutputFilter(const FilterRules& rules) : rules_(rules) {}

  /// Between the tags.
  [[nodiscard]] bool is_capturing() const noexcept { return is_capturing_; }
  void set_capturing(bool is_capturing) noexcept {
    is_capturing_ = is_capturing;
    looked_at_ = 0;
  }

  /// What the front of `bytes` is. The same bytes must come again, with more behind them, until they were a piece. At
  /// the end of a run nothing is unclear, and a message that was not closed is text.
  [[nodiscard]] Piece next(std::string_view bytes, More more = More::may_come);

  /// The text of a message as listeners get it.
  [[nodiscard]] std::string message(std::string_view captured) const;

 private:
  [[nodiscard]] Piece next_captured(std::string_view bytes, More more);
  [[nodiscard]] Piece next_text(std::string_view bytes, More more);

  FilterRules rules_;
  bool is_capturing_ = false;
  std::size_t looked_at_ = 0;  ///< Of a message: no closing tag begins before.
};

/// Without the sequences that colour a terminal.
[[nodiscard]] std::string without_ansi(std::string_view text);

}  // namespace foster::logs
