// Every method of "supervisor." and "system.": one table for calls, introspection and help.
#pragma once

#include <functional>

#include "compat/daemon.hpp"
#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// Does what the call says and answers, once: from within, or later. The daemon must live until then.
void call_method(Daemon& daemon, const Call& call, std::move_only_function<void(Response)> answer);

}  // namespace foster::compat
