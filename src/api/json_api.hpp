// The handlers of /v1 that answer with one JSON document.
#pragma once

#include "api/http.hpp"

namespace foster::api {

void handle_info(ControlService& service, Request& request, Reply reply);
void handle_list(ControlService& service, Request& request, Reply reply);
void handle_start(ControlService& service, Request& request, Reply reply);
void handle_stop(ControlService& service, Request& request, Reply reply);
void handle_restart(ControlService& service, Request& request, Reply reply);
void handle_signal(ControlService& service, Request& request, Reply reply);
void handle_apply(ControlService& service, Request& request, Reply reply);
void handle_run(ControlService& service, Request& request, Reply reply);
void handle_adopt(ControlService& service, Request& request, Reply reply);
void handle_upgrade(ControlService& service, Request& request, Reply reply);
void handle_shutdown(ControlService& service, Request& request, Reply reply);
void handle_history(ControlService& service, Request& request, Reply reply);
void handle_whole_history(ControlService& service, Request& request, Reply reply);

/// The problem as an answer.
[[nodiscard]] Response problem_response(const Problem& problem);

/// A bad_request for the first query parameter that is not among `known`.
[[nodiscard]] std::optional<Problem> unknown_parameter(const Request& request,
                                                       std::initializer_list<std::string_view> known);

/// The parameter as a number; empty where it is absent.
[[nodiscard]] Answer<std::optional<std::uint64_t>> number_parameter(const Request& request, std::string_view name);

/// A flag in the query: "?follow", "?follow=1" and "?follow=true" set it, absence, "0" and "false" do not.
[[nodiscard]] Answer<bool> flag_parameter(const Request& request, std::string_view name);

}  // namespace foster::api
