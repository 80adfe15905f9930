// What most commands begin and end with: find the foster that is meant, ask it, and say what went wrong.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/client.hpp"
#include "cli/context.hpp"
#include "cli/replies.hpp"
#include "cli/target.hpp"

namespace foster::cli {

/// The target, or the exit code after the complaint.
[[nodiscard]] std::expected<Target, ExitCode> target_or_complain(Context& context,
                                                                 std::optional<std::string> config = {});

/// Asks the target. What is no "200 OK" was complained about, and is an exit code.
[[nodiscard]] std::expected<Reply, ExitCode> ask_or_complain(Context& context, const Target& target,
                                                             const Question& question, Repeat repeat = Repeat::freely);

/// Says what an error of the client means for this target.
[[nodiscard]] ExitCode complain_about(Context& context, const Target& target, const Error& error);
/// Says what the answer says, diagnostics included.
[[nodiscard]] ExitCode complain_about(Context& context, const Reply& reply);
/// "foster: web did not become ready: exited with code 3" for each outcome that is not ok.
[[nodiscard]] ExitCode complain_about(Context& context, const std::vector<OutcomeRow>& outcomes,
                                      std::string_view what_failed);

/// Diagnostics with source lines and carets, on standard error.
void show_diagnostics(Context& context, const std::vector<DiagnosticRow>& diagnostics);

/// "/v1/services?name=web%2A&name=db"
[[nodiscard]] std::string with_names(std::string target, const std::vector<std::string>& names);

}  // namespace foster::cli
