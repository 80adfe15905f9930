// XML-RPC documents of strangers, read.
#pragma once

#include <string>

#include <foster/result.hpp>

#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// @errors `EBADMSG`, with place and cause in `detail`: not well-formed, not XML-RPC, nested too deeply, or with a
///         document type, which XML-RPC has no use for and whose entities can be made to explode. `E2BIG`: as many
///         elements as no call has. Whatever it holds, it takes a bounded amount of memory while it is read.
[[nodiscard]] Result<Call> read_call(std::string document);
/// What XML cannot express, and some servers write all the same, is read as U+FFFD.
/// @errors As `read_call`, but that it may be as large as it likes.
[[nodiscard]] Result<Response> read_response(std::string document);

}  // namespace foster::compat
