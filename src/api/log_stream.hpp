// Output of services: GET /v1/services/{}/log for one instance, GET /v1/logs for many at once.
#pragma once

#include "api/http.hpp"

namespace foster::api {

/// The bytes of one instance, rotated files included, oldest first; `?lines=N` for the last N lines,
/// `?follow=1` to go on, `?resume=POSITION` to go on where a lost connection ended.
void handle_log(ControlService& service, Request& request, Reply reply);

/// The same of all instances that match `?name=`; with `?follow=1` also of those that appear later.
/// Each chunk belongs to one instance and says so in its extension.
void handle_logs(ControlService& service, Request& request, Reply reply);

}  // namespace foster::api
