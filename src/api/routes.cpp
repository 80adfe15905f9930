#include "api/routes.hpp"

#include <optional>

#include "api/event_stream.hpp"
#include "api/json_api.hpp"
#include "api/json_codec.hpp"
#include "api/log_stream.hpp"
#include "api/target.hpp"

namespace foster::api {
namespace {

constexpr Route kRoutes[] = {
    {"GET", "/v1/info", handle_info},
    {"GET", "/v1/services", handle_list},
    {"POST", "/v1/services/start", handle_start},
    {"POST", "/v1/services/stop", handle_stop},
    {"POST", "/v1/services/restart", handle_restart},
    {"POST", "/v1/services/signal", handle_signal},
    {"GET", "/v1/services/{}/history", handle_history},
    {"GET", "/v1/services/{}/log", handle_log},
    {"POST", "/v1/apply", handle_apply},
    {"POST", "/v1/run", handle_run},
    {"POST", "/v1/adopt", handle_adopt},
    {"POST", "/v1/upgrade", handle_upgrade},
    {"POST", "/v1/shutdown", handle_shutdown},
    {"GET", "/v1/logs", handle_logs},
    {"GET", "/v1/history", handle_whole_history},
    {"GET", "/v1/events", handle_events},
};

std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  return segment;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> captures;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view given = next_segment(path);
    if (wanted == "{}") {
      auto decoded = percent_decode(given);
      if (!decoded || decoded->empty()) return std::nullopt;
      captures.push_back(std::move(*decoded));
    } else if (wanted != given) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return captures;
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

void dispatch(ControlService& service, Request request, Reply reply) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    auto captures = match(route.path, request.path);
    if (!captures) continue;
    if (route.method == request.method || (request.method == "HEAD" && route.method == "GET")) {
      request.captures = std::move(*captures);
      route.handler(service, request, std::move(reply));
      return;
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  if (allowed.empty()) {
    reply({.status = 404, .body = encode_error("not-found", "there is nothing at " + request.path)});
    return;
  }
  reply({.status = 405,
         .body = encode_error("method-not-allowed", request.path + " takes " + allowed),
         .headers = {{"Allow", allowed}}});
}

}  // namespace foster::api
