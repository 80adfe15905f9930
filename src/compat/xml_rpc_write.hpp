// XML-RPC documents, in the shape that Python's xmlrpc.client writes and reads.
#pragma once

#include <string>

#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// Whatever the strings hold, the document is well-formed: see `valid_xml_text`. Numbers beyond 32 bits are written in
/// full, which clients with wider integers read.
[[nodiscard]] std::string write_call(const Call& call);
[[nodiscard]] std::string write_response(const Response& response);

}  // namespace foster::compat
