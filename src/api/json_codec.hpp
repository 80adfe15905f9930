// Types of service.hpp to JSON and back, pure. docs/api.md and docs/cli.md promise these field names:
// fields may be added, none is renamed or removed within /v1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <foster/signal.hpp>

#include "api/service.hpp"

namespace foster::api {

/// POST /v1/services/signal.
struct SignalRequest {
  std::vector<std::string> patterns;
  Signal signal;
};

// Answers. Absent values are null; text that is no UTF-8 is mended with U+FFFD.
[[nodiscard]] std::string encode(const Info& info);
[[nodiscard]] std::string encode(const std::vector<InstanceRow>& rows);
[[nodiscard]] std::string encode(const std::vector<Outcome>& outcomes);
[[nodiscard]] std::string encode(const Applied& applied);
[[nodiscard]] std::string encode(const std::vector<EventRow>& rows);
[[nodiscard]] std::string encode(const EventRow& row);
[[nodiscard]] std::string encode(const Problem& problem);
/// An error of the protocol itself: its kind is a word that no Problem has.
[[nodiscard]] std::string encode(const Upgraded& upgraded);
[[nodiscard]] std::string encode_error(std::string_view kind, std::string_view message,
                                       const std::vector<Diagnostic>& diagnostics = {});

/// "no-such-service".
[[nodiscard]] std::string_view to_string(Problem::Kind kind);
/// 404, 422, 400, 409 or 500.
[[nodiscard]] unsigned http_status(Problem::Kind kind);
/// "start".
[[nodiscard]] std::string_view to_string(Verb verb);
/// "add", "remove", "restart", "update", "unchanged".
[[nodiscard]] std::string_view to_string(core::ServiceChange::Kind kind);

// Requests, as a client writes them…
[[nodiscard]] std::string encode(const ChangeRequest& request);
[[nodiscard]] std::string encode(const SignalRequest& request);
[[nodiscard]] std::string encode(const ApplyRequest& request);
[[nodiscard]] std::string encode(const RunRequest& request);
[[nodiscard]] std::string encode(const AdoptRequest& request);
[[nodiscard]] std::string encode(const UpgradeRequest& request);

// …and as the server reads them. A member that is unknown, missing or of the wrong type is a bad_request
// that names it.
[[nodiscard]] Answer<ChangeRequest> decode_change(Verb verb, std::string_view body);
[[nodiscard]] Answer<SignalRequest> decode_signal(std::string_view body);
[[nodiscard]] Answer<ApplyRequest> decode_apply(std::string_view body);
[[nodiscard]] Answer<RunRequest> decode_run(std::string_view body);
[[nodiscard]] Answer<AdoptRequest> decode_adopt(std::string_view body);
[[nodiscard]] Answer<UpgradeRequest> decode_upgrade(std::string_view body);

}  // namespace foster::api
