// Server-sent events out of a stream of bytes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace foster::cli {

struct FeedEvent {
  std::string id;
  std::string kind;  ///< The word after "event:".
  std::string data;
};

class EventFeed {
 public:
  /// Takes the next bytes, and calls for each event that is whole.
  void take(std::string_view bytes, const std::function<void(const FeedEvent&)>& each);

 private:
  std::string rest_;
};

}  // namespace foster::cli
