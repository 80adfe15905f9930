// What event listeners write: however it is cut, the same comes of it, and little of it is kept.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "compat/listener.hpp"

namespace {

using namespace foster::compat;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Heard {
  std::vector<EventAnswer> answers;
  Listener::Memory end;
  friend bool operator==(const Heard&, const Heard&) = default;
};

// An event is sent as soon as one may be, and that is after a whole piece: so pieces end where the states change.
Heard hear(std::string_view text, std::size_t piece) {
  Heard heard;
  Listener listener;
  while (!text.empty()) {
    const auto said = listener.hear(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    if (said.answer) heard.answers.push_back(*said.answer);
    require((said.answer == EventAnswer::bad_result) == !said.bad_line.empty() || said.bad_line.empty());
    require(listener.memory().unread.size() <= 4096 && listener.memory().result.size() <= 3);
    if (listener.state() == ListenerState::ready) listener.send();
    // What was kept is enough to go on with.
    listener = Listener(listener.memory());
  }
  heard.end = listener.memory();
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)hear(text, text.size() + 1);
  require(hear(text, 1) == hear(text, 1));

  // All at once is one conversation as well: a result announced and told in pieces of any size.
  const auto after_ready = [&](std::size_t piece) {
    Listener listener;
    (void)listener.hear("READY\n");
    listener.send();
    std::vector<EventAnswer> answers;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const auto said = listener.hear(text.substr(at, piece));
      if (said.answer) answers.push_back(*said.answer);
    }
    return std::pair(answers, listener.memory());
  };
  const auto whole = after_ready(text.size() + 1);
  for (const std::size_t piece : {1, 2, 7}) require(after_ready(piece) == whole);
  return 0;
}
