// The nearest known word to a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace foster::config {

/// How many letters must be added, removed, replaced or swapped with their neighbour.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// Empty where none is near enough to be meant: more than a third of the letters differ.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

/// `did you mean "restart"?`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace foster::config
