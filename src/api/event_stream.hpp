// State changes as server-sent events: GET /v1/events. Replayed from Last-Event-ID, then live.
#pragma once

#include "api/http.hpp"

namespace foster::api {

/// Follows all transitions. With a `Last-Event-ID` header or `?after=ID`, from the one after that.
void handle_events(ControlService& service, Request& request, Reply reply);

/// Appends one server-sent event. `data` may hold several lines; `id` may be empty.
void append_event(std::string& out, std::string_view id, std::string_view event, std::string_view data);

}  // namespace foster::api
