// A request that takes a while, and what happens meanwhile: a live block of lines on a terminal, a plain line for
// each step otherwise.
#pragma once

#include <expected>

#include "cli/client.hpp"
#include "cli/context.hpp"
#include "cli/target.hpp"

namespace foster::cli {

enum class Progress : std::uint8_t {
  silent,       ///< Show nothing.
  on_terminal,  ///< Live on a terminal, nothing otherwise.
  always,       ///< Live on a terminal, plain lines otherwise.
};

/// Asks, shows progress on standard error, and gives the answer. What is no "200 OK" was complained about.
/// @blocks Until the answer is there.
[[nodiscard]] std::expected<Reply, ExitCode> ask_with_progress(Context& context, const Target& target,
                                                               const Question& question, Repeat repeat,
                                                               Progress progress);

}  // namespace foster::cli
