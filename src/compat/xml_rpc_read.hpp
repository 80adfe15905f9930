// XML-RPC documents of strangers, read.
#pragma once

#include <string_view>

#include <foster/result.hpp>

#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// @errors `EBADMSG`, with line and cause in `detail`: not well-formed, not XML-RPC, nested too deeply, or with a
///         document type, which XML-RPC has no use for and whose entities can be made to explode.
[[nodiscard]] Result<Call> read_call(std::string_view document);
/// @errors As `read_call`.
[[nodiscard]] Result<Response> read_response(std::string_view document);

}  // namespace foster::compat
