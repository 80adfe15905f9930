// A request and its answer as plain values, between the connection (which alone knows Asio and Beast)
// and the handlers (which know neither).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/service.hpp"

namespace foster::api {

struct Parameter {
  std::string name;
  std::string value;
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

struct Request {
  std::string method;
  std::string path;                   ///< As sent, without the query: still percent-encoded.
  std::vector<Parameter> query;       ///< Decoded, in order.
  std::vector<std::string> captures;  ///< What stood for the `{}` of the route, decoded.
  std::string accept;
  std::string last_event_id;
  std::string body;
  Actor actor;

  /// The first parameter of this name.
  [[nodiscard]] const std::string* parameter(std::string_view name) const {
    for (const Parameter& one : query) {
      if (one.name == name) return &one.value;
    }
    return nullptr;
  }
};

/// A body that is pulled piece by piece, as fast as the client reads.
class BodySource {
 public:
  enum class Progress {
    data,  ///< Something was appended.
    idle,  ///< Nothing there now; `when_more` tells.
    end,   ///< Nothing will come any more.
  };

  virtual ~BodySource() = default;
  /// Appends about `most` bytes to `out`. `extension` becomes the extension of the HTTP chunk that
  /// carries them: empty, or beginning with ';'.
  [[nodiscard]] virtual Progress read(std::string& out, std::size_t most, std::string& extension) = 0;
  /// Calls `more` once when there may be more, possibly from within the call.
  virtual void when_more(std::move_only_function<void()> more) = 0;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::unique_ptr<BodySource> source = {};  ///< Where set: the body, chunked; `body` is not used.
  std::vector<Parameter> headers = {};
};

/// Answers a request: called exactly once, later or from within the handler. Harmless when the client
/// has gone.
using Reply = std::move_only_function<void(Response)>;

}  // namespace foster::api
