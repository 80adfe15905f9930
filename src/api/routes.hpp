// The table of what can be requested: method, path, handler.
#pragma once

#include <span>
#include <string_view>

#include "api/http.hpp"

namespace foster::api {

using Handler = void (*)(ControlService& service, Request& request, Reply reply);

struct Route {
  std::string_view method;
  std::string_view path;  ///< `{}` stands for one segment.
  Handler handler;
};

[[nodiscard]] std::span<const Route> routes();

/// Fills `request.captures` and calls the handler of the route that fits; answers 404 for an unknown
/// path and 405 for a known one with another method.
void dispatch(ControlService& service, Request request, Reply reply);

}  // namespace foster::api
