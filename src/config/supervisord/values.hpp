// What the values of supervisord.conf mean: one reader a kind of value, after expansion.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <foster/signal.hpp>

#include "config/supervisord/sections.hpp"
#include "config/values.hpp"

namespace foster::config::supervisord {

/// A whole number as Python writes it: a sign, blanks around it and "_" between digits are fine.
[[nodiscard]] Parsed<std::int64_t> parse_integer(std::string_view text);
/// "50MB", "10 kb", "0": KB, MB and GB go by 1024.
[[nodiscard]] Parsed<std::uint64_t> parse_bytes(std::string_view text);
/// Octal digits: "022", "0o22", "22".
[[nodiscard]] Parsed<unsigned> parse_octal(std::string_view text);
/// true, yes, on, 1 and false, no, off, 0 in any case.
[[nodiscard]] Parsed<bool> parse_flag(std::string_view text);
/// A number or a name in any case, with or without SIG.
[[nodiscard]] Parsed<Signal> parse_stop_signal(std::string_view text);
/// Numbers from 0 to 255 between commas; nothing is no code at all.
[[nodiscard]] Parsed<std::vector<std::uint8_t>> parse_exit_codes(std::string_view text);
/// A flag, or "unexpected".
[[nodiscard]] Parsed<AutoRestart> parse_auto_restart(std::string_view text);
[[nodiscard]] Parsed<LogLevel> parse_log_level(std::string_view text);
/// "9001", ":9001", "*:9001", "localhost:9001". An empty host: all interfaces.
[[nodiscard]] Parsed<InetAddress> parse_inet_address(std::string_view text);
/// Anything with a scheme and something behind it.
[[nodiscard]] Parsed<std::string> parse_url(std::string_view text);
/// Texts between commas, blanks around them removed.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);
/// The name of a program, group or process: without blanks, ":" and "/".
[[nodiscard]] Parsed<std::string> parse_name(std::string_view text);
/// The words of a command, with the quotes of a shell.
[[nodiscard]] Parsed<std::vector<std::string>> parse_command(std::string_view text);
/// KEY=value pairs between commas. What Supervisor 4.2 reads is read as it reads it; what it refuses, as later versions
/// do, which know backslashes in double quotes. Of two with one name the last is kept.
[[nodiscard]] Parsed<Variables> parse_environment(std::string_view text);

/// With "~" and "~user" in front replaced by the home directory, where there is one.
[[nodiscard]] std::string expand_home(std::string_view path);
/// A directory that exists. Relative to `base`; the path stays as it is but for "~".
[[nodiscard]] Parsed<std::string> parse_directory(std::string_view text, const std::string& base);
/// A file whose directory exists. Relative to `base`; the path stays as it is but for "~".
[[nodiscard]] Parsed<std::string> parse_file(std::string_view text, const std::string& base);
/// NONE, OFF, AUTO, syslog in any case, or a file whose directory exists.
[[nodiscard]] Parsed<LogFile> parse_log_file(std::string_view text, const std::string& base);

/// A name or a number of a user this machine knows.
[[nodiscard]] Parsed<User> parse_user(std::string_view text);
/// "user" or "user:group".
[[nodiscard]] Parsed<Owner> parse_owner(std::string_view text);

}  // namespace foster::config::supervisord
