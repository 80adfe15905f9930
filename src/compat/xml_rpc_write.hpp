// XML-RPC documents, in the shape that Python's xmlrpc.client writes and reads.
#pragma once

#include <string>

#include "compat/xml_rpc_value.hpp"
#include "compat/xml_rpc_writers.hpp"

namespace foster::compat {

/// Whatever the strings hold, the document is well-formed: see `valid_xml_text`. Numbers beyond 32 bits are written in
/// full, which clients with wider integers read.
[[nodiscard]] std::string write_call(const Call& call);
[[nodiscard]] std::string write_response(XmlValue value);
[[nodiscard]] std::string write_response(const Fault& fault);

}  // namespace foster::compat
