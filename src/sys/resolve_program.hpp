// The search along PATH, done before the clone: the child gets a path, not a question.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <foster/result.hpp>

namespace foster::sys {

/// Where PATH is unset, as in a daemon's bare environment.
inline constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The file that execve will be given for this command word. A word with a slash is that file, seen from
/// `directory`; any other is looked up along `path`, whose empty elements mean `directory`.
///
/// @param argv0      As in a shell: "nginx", "./app.py", "/usr/sbin/nginx".
/// @param path       The PATH the program will see; empty means `kDefaultPath`.
/// @param directory  Where the program will start; empty means the current one.
/// @errors `ENOENT` nowhere; `EACCES` found but not executable (kept while the search goes on, as execvp does);
///         `EISDIR` a directory. The detail is the word, for one with a slash the path that was tried.
/// @blocks On the file system.
[[nodiscard]] Result<std::string> resolve_program(std::string_view argv0, std::string_view path,
                                                  std::string_view directory = {});

/// The value of a variable in a list of "NAME=value"; empty where it is not set.
[[nodiscard]] std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name);

}  // namespace foster::sys
