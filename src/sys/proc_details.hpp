// What is rarely asked of a process: its descriptors, sockets and limits. The parsers are pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/ids.hpp>

namespace foster::sys {

/// One line of /proc/PID/limits, in the kernel's own words.
struct LimitLine {
  std::string name;  ///< "Max open files"
  std::string soft;  ///< A number, or "unlimited".
  std::string hard;
};
[[nodiscard]] std::vector<LimitLine> parse_limits(std::string_view text);

/// A socket as /proc/net lists it.
struct SocketLine {
  std::uint64_t inode = 0;
  std::string text;  ///< "tcp 127.0.0.1:80 listening", "unix /run/x.sock".
};
/// Of /proc/PID/net/PROTOCOL, which is tcp, tcp6, udp, udp6 or unix; lines that are none are passed over.
[[nodiscard]] std::vector<SocketLine> parse_sockets(std::string_view protocol, std::string_view text);

/// An open descriptor.
struct DescriptorLink {
  int number = -1;
  std::string target;  ///< As the kernel names it: "/dev/null", "socket:[123]", "/tmp/x (deleted)".
};
/// By rising number. Empty value: we may not look, or there is no such process.
[[nodiscard]] std::optional<std::vector<DescriptorLink>> read_descriptors(Pid pid);

/// Where /proc/PID/NAME points: cwd, root, exe, ns/pid. Empty: we may not look, or it is gone.
[[nodiscard]] std::optional<std::string> read_process_link(Pid pid, const std::string& name);

/// The whole of /proc/PID/NAME; empty when it cannot be read.
[[nodiscard]] std::string read_process_file(Pid pid, const std::string& name);

}  // namespace foster::sys
