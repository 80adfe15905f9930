// Every method of "supervisor." and "system.": one table for calls, introspection and help.
#pragma once

#include <functional>
#include <variant>

#include "compat/daemon.hpp"
#include "compat/xml_rpc_value.hpp"
#include "compat/xml_rpc_writers.hpp"

namespace foster::compat {

/// What comes of a call.
using MethodResponse = std::variant<XmlValue, Fault>;

/// Does what the call says and answers, once: from within, or later. The daemon must live until then.
void call_method(Daemon& daemon, const Call& call, std::move_only_function<void(MethodResponse)> answer);

}  // namespace foster::compat
