// Is it a proper daemon? Each classical rule with what was found and how to mend it. Pure: the facts are given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "insight/facts.hpp"
#include "insight/view.hpp"

namespace foster::insight {

/// Ordered: of several, the greatest counts.
enum class Verdict : std::uint8_t { pass, warn, fail };

/// The enumerator's own word.
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

/// One rule, judged.
struct Finding {
  std::string_view rule;
  Verdict verdict = Verdict::pass;
  std::string evidence;  ///< What was found.
  std::string fix = {};  ///< What to do; empty where nothing is to be done.
};

/// What the facts of one process do not say.
struct Circumstances {
  /// A descriptor that the program was started with, and should not have kept: its target, as "pipe:[4711]". Empty
  /// where the start was not seen.
  std::string planted_descriptor = {};
  /// The file system of its working directory is another than the one of its root. Empty: cannot be seen.
  std::optional<bool> pins_a_mount = {};
  /// Files named as its pidfile would be, with another number in them.
  std::vector<std::string> wrong_pidfiles = {};
};

/// Reads the circumstances of a process whose start was not seen.
[[nodiscard]] Circumstances read_circumstances(const Process& process);

/// All rules, in the order in which a daemon takes the steps.
[[nodiscard]] std::vector<Finding> lint(const Process& process, const View& view, const Facts& facts,
                                        const Circumstances& circumstances);

[[nodiscard]] Verdict worst_of(const std::vector<Finding>& findings) noexcept;

}  // namespace foster::insight
