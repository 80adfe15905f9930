// Raw values to the model: every key by the table of keys, then what only shows when all are known.
#pragma once

#include <string_view>

#include "config/raw.hpp"
#include "config/reader.hpp"
#include "config/toml.hpp"
#include "core/model.hpp"

namespace foster::config {

/// The model of a file. What is wrong is in the reader; the model is of use only where nothing is.
[[nodiscard]] core::Model read_model(Reader& reader, const RawTable& table, std::string_view default_name,
                                     Completeness completeness);

/// One service by itself: its `needs` and `after` are not looked up.
[[nodiscard]] core::Service read_service(Reader& reader, std::string_view name, Position where, const RawTable& table,
                                         Completeness completeness);

/// At most 63 letters, digits, ".", "_" and "-", the first a letter or a digit.
[[nodiscard]] bool is_name(std::string_view name);

/// What a service may be called: also "+", "@" and a "_" in front, and two such names with a colon between them, as the
/// processes of a group in a supervisord.conf.
[[nodiscard]] bool is_service_name(std::string_view name);

inline constexpr std::string_view kServiceNameRule =
    "at most 63 letters, digits, \".\", \"_\", \"-\", \"+\" and \"@\", the first a letter, a digit or \"_\"; or two "
    "such "
    "names with \":\" between";

}  // namespace foster::config
