// Output of services: however it is cut, the same of it goes to the log and to listeners, and none of it is lost.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "logs/output_filter.hpp"

namespace {

using namespace foster::logs;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string log;
  std::vector<std::string> messages;
  std::size_t size = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome filter(const FilterRules& rules, std::string_view all, std::size_t portion) {
  OutputFilter filter(rules);
  Outcome outcome;
  std::string bytes;
  const auto take = [&](More more) {
    for (;;) {
      const Piece piece = filter.next(bytes, more);
      require(piece.size <= bytes.size() && piece.text <= piece.size);
      if (piece.kind == Piece::Kind::unclear) return;
      require(piece.size > 0);
      if (piece.kind == Piece::Kind::text) outcome.log += bytes.substr(0, piece.size);
      if (piece.kind == Piece::Kind::captured) {
        outcome.messages.push_back(filter.message(std::string_view(bytes).substr(0, piece.text)));
        require(outcome.messages.back().size() <= *rules.capture);
      }
      outcome.size += piece.size;
      bytes.erase(0, piece.size);
    }
  };
  for (std::size_t at = 0; at < all.size(); at += portion) {
    bytes += all.substr(at, portion);
    take(More::may_come);
  }
  take(More::is_none);
  require(bytes.empty());
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  FilterRules rules{.strips_ansi = (data[0] & 1U) != 0};
  if ((data[0] & 2U) != 0) rules.capture = 1 + data[1] / 4;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Outcome whole = filter(rules, text, std::max<std::size_t>(text.size(), 1));
  require(whole.size == text.size());
  require(filter(rules, text, 1 + data[1] % 7) == whole);
  if (!rules.strips_ansi && !rules.capture) require(whole.log == text);
  return 0;
}
