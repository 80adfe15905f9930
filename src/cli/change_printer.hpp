// What happens to processes, a line each, as text or as JSON.
#pragma once

#include <chrono>

#include "cli/context.hpp"
#include "insight/changes.hpp"

namespace foster::cli {

void print_change(Context& context, const insight::Change& change, std::chrono::system_clock::time_point time);

/// That some of it is not known: events were lost, and a look at all was taken instead.
void print_gap(Context& context, std::chrono::system_clock::time_point time);

}  // namespace foster::cli
