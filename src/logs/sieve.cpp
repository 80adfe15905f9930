#include "logs/sieve.hpp"

#include <string>
#include <utility>

namespace foster::logs {

Sieve::Sieve(Staged staged, const FilterRules& rules, Tell tell)
    : staged_(std::move(staged)), filter_(rules), tell_(std::move(tell)), has_more_(!staged_.bytes().empty()) {
  const auto found = staged_.take_found();
  found_ = found.spot;
  filter_.set_capturing(found.is_capturing && rules.capture);
}

Result<std::size_t> Sieve::take_from(sys::FifoReader& fifo, LogFile& file, std::size_t most) {
  if (has_more_) {
    if (auto passed = pass(file); !passed) return std::unexpected(passed.error());
  }
  const auto taken = staged_.take_from(fifo, most);
  if (!taken || *taken == 0) return taken;
  has_more_ = true;
  if (auto passed = pass(file); !passed) return std::unexpected(passed.error());
  return taken;
}

Result<> Sieve::pass(LogFile& file, More more) {
  for (;;) {
    const std::string_view bytes = staged_.bytes();
    const Piece piece = filter_.next(bytes, more);
    switch (piece.kind) {
      case Piece::Kind::unclear:
        if (more == More::is_none) filter_.set_capturing(false);
        has_more_ = false;
        staged_.store(std::nullopt, filter_.is_capturing());
        return {};
      case Piece::Kind::nothing:
        staged_.consume(piece.size);
        break;
      case Piece::Kind::captured:
        tell_({.part = OutputPart::captured,
               .text = filter_.message(bytes.substr(0, piece.text)),
               .until = staged_.mark(piece.size)});
        staged_.consume(piece.size);
        staged_.store(std::nullopt, false);
        break;
      case Piece::Kind::text:
        if (auto written = write(file, bytes.substr(0, piece.size)); !written) return written;
        break;
    }
  }
}

Result<> Sieve::write(LogFile& file, std::string_view text) {
  std::size_t written = 0;
  if (const auto found = std::exchange(found_, std::nullopt)) written = file.count_written(*found, text);
  if (written == 0) {
    // Whoever comes after us looks for what was written in the file of this name: before it is another, all is stored.
    if (file.is_full()) staged_.store(std::nullopt, false);
    const auto spot = file.find_spot(text);
    if (!spot) return std::unexpected(spot.error());
    staged_.store(*spot, false);
    const auto done = file.write(*spot, text);
    if (!done) return std::unexpected(done.error());
    written = *done;
  }
  // What is told may take a while to be heard: by then the bytes have gone on.
  const std::string told(text.substr(0, written));
  staged_.consume(written);
  tell_({.part = OutputPart::written, .text = told, .until = staged_.mark(0)});
  return {};
}

}  // namespace foster::logs
