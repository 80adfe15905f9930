#include "cli/event_feed.hpp"

namespace foster::cli {
namespace {

FeedEvent event_from(std::string_view block) {
  FeedEvent event;
  while (!block.empty()) {
    const auto end = block.find('\n');
    const std::string_view line = block.substr(0, end);
    block = end == std::string_view::npos ? std::string_view{} : block.substr(end + 1);
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string_view field = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    if (field == "id") event.id = value;
    if (field == "event") event.kind = value;
    if (field == "data") event.data.append(event.data.empty() ? "" : "\n").append(value);
  }
  return event;
}

}  // namespace

void EventFeed::take(std::string_view bytes, const std::function<void(const FeedEvent&)>& each) {
  rest_ += bytes;
  for (;;) {
    const auto end = rest_.find("\n\n");
    if (end == std::string::npos) return;
    const FeedEvent event = event_from(std::string_view(rest_).substr(0, end));
    rest_.erase(0, end + 2);
    if (!event.kind.empty()) each(event);
  }
}

}  // namespace foster::cli
