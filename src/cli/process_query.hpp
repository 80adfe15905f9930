// What the commands that look at any process begin with: the view of all, and the ones that a word means.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_writer.hpp"
#include "cli/context.hpp"
#include "insight/view.hpp"

namespace foster::cli {

/// The view, or the exit code after the complaint.
[[nodiscard]] std::expected<insight::View, ExitCode> look_or_complain(Context& context, const TableDetail& detail = {});

/// The processes that a word means: the one with this pid; else the topmost of a service or of one of its instances;
/// else all with this program's name.
///
/// @param foster Whose services are meant (--name, FOSTER_NAME); empty: everybody's.
[[nodiscard]] std::vector<const Process*> find_processes(const insight::View& view, std::string_view word,
                                                         const std::optional<std::string>& foster = {});

/// --name, else FOSTER_NAME, else empty.
[[nodiscard]] std::optional<std::string> foster_meant(const Context& context);

/// The only one, or an exit code after the complaint that there is none, or several.
[[nodiscard]] std::expected<const Process*, ExitCode> process_or_complain(Context& context, const insight::View& view,
                                                                          std::string_view word);

/// Since its birth.
[[nodiscard]] std::chrono::nanoseconds age_of(const Process& process);

/// `"pid", "ppid", "pgid", "sid", "tty", "state", "kind", "command", "name", "service", "foster", "adopted_by"`: what
/// every document says of a process. Begins no object.
void write_process(api::JsonWriter& json, const insight::View& view, const Process& process);

}  // namespace foster::cli
