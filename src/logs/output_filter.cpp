#include "logs/output_filter.hpp"

#include <algorithm>

namespace foster::logs {
namespace {

constexpr char kEscape = '\x1b';
/// What is longer is no sequence of a terminal.
constexpr std::size_t kLongestSequence = 64;

/// How many bytes at the end of `bytes` are the beginning of `tag`, but not all of it.
std::size_t begun_at_end(std::string_view bytes, std::string_view tag) {
  for (std::size_t size = std::min(bytes.size(), tag.size() - 1); size > 0; --size) {
    if (bytes.ends_with(tag.substr(0, size))) return size;
  }
  return 0;
}

bool is_between(char c, char first, char last) {
  return c >= first && c <= last;
}

/// The sequence at the front: how long it is; 0: it is none; empty: that is not clear yet.
std::optional<std::size_t> sequence_size(std::string_view bytes) {
  if (bytes.size() >= 2 && bytes[1] != '[') return 0;
  std::size_t at = 2;
  while (at < bytes.size() && is_between(bytes[at], 0x20, 0x3f)) ++at;
  if (at > kLongestSequence) return 0;
  if (at >= bytes.size()) return std::nullopt;
  return is_between(bytes[at], 0x40, 0x7e) ? at + 1 : 0;
}

}  // namespace

Piece OutputFilter::next(std::string_view bytes, More more) {
  if (bytes.empty()) return {};
  return is_capturing_ ? next_captured(bytes, more) : next_text(bytes, more);
}

Piece OutputFilter::next_captured(std::string_view bytes, More more) {
  const auto end = bytes.find(kEndTag, looked_at_);
  if (end != std::string_view::npos) {
    set_capturing(false);
    return {Piece::Kind::captured, end + kEndTag.size(), end};
  }
  if (more == More::is_none) {
    set_capturing(false);
    return next_text(bytes, more);
  }
  const std::size_t open = bytes.size() - begun_at_end(bytes, kEndTag);  // before it no tag begins
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(*rules_.capture, SIZE_MAX));
  if (open > most) {
    looked_at_ = most;
    return {Piece::Kind::nothing, open - most};
  }
  looked_at_ = open;
  return {};
}

Piece OutputFilter::next_text(std::string_view bytes, More more) {
  if (rules_.capture && bytes.starts_with(kBeginTag)) {
    set_capturing(true);
    return {Piece::Kind::nothing, kBeginTag.size()};
  }
  const bool may_be_sequence = rules_.strips_ansi && bytes.front() == kEscape;
  if (may_be_sequence) {
    const auto size = sequence_size(bytes);
    if (!size && more == More::may_come) return {};
    if (size.value_or(0) > 0) return {Piece::Kind::nothing, *size};
  }
  // Text up to the next thing that may be something else; what is none of it at the front is text itself.
  std::size_t end = bytes.size();
  if (rules_.capture) {
    const std::size_t open = more == More::may_come ? begun_at_end(bytes, kBeginTag) : 0;
    end = std::min(bytes.find(kBeginTag), bytes.size() - open);
  }
  if (rules_.strips_ansi) end = std::min(end, bytes.find(kEscape, may_be_sequence ? 1 : 0));
  return end == 0 ? Piece{} : Piece{Piece::Kind::text, end};
}

std::string OutputFilter::message(std::string_view captured) const {
  if (rules_.capture && captured.size() > *rules_.capture) captured.remove_prefix(captured.size() - *rules_.capture);
  return rules_.strips_ansi ? without_ansi(captured) : std::string(captured);
}

std::string without_ansi(std::string_view text) {
  OutputFilter filter({.strips_ansi = true});
  std::string result;
  while (!text.empty()) {
    const Piece piece = filter.next(text, More::is_none);
    if (piece.kind == Piece::Kind::text) result += text.substr(0, piece.size);
    text.remove_prefix(piece.size);
  }
  return result;
}

}  // namespace foster::logs
