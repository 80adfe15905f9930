#include "sys/proc_details.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "sys/files.hpp"

namespace foster::sys {
namespace {

constexpr std::size_t kLargestFile = 16 * 1024 * 1024;

std::string path_of(Pid pid, const std::string& name) {
  return "/proc/" + std::to_string(pid.number()) + "/" + name;
}

template <class Act>
void for_each_line(std::string_view text, Act act) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    act(line);
  }
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    words.push_back(line.substr(0, line.find_first_of(" \t")));
    line.remove_prefix(words.back().size());
  }
}

template <class Number>
std::optional<Number> number_of(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// "0100007F:1F90": the address as 32-bit words in the machine's order, the port as a number.
std::optional<std::string> address_text(std::string_view hex) {
  const auto colon = hex.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  const auto port = number_of<std::uint16_t>(hex.substr(colon + 1), 16);
  std::array<std::uint32_t, 4> address{};
  for (std::size_t i = 0; i * 8 < colon; ++i) {
    const auto word = number_of<std::uint32_t>(hex.substr(i * 8, 8), 16);
    if (!word) return std::nullopt;
    address[i] = *word;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = colon == 8 ? AF_INET : AF_INET6;
  if (!port || ::inet_ntop(family, address.data(), text.data(), text.size()) == nullptr) return std::nullopt;
  const std::string shown = family == AF_INET ? text.data() : "[" + std::string(text.data()) + "]";
  return shown + ":" + std::to_string(*port);
}

std::optional<SocketLine> parse_inet(std::string_view protocol, std::string_view line) {
  const auto words = words_of(line);
  if (words.size() < 10) return std::nullopt;
  const auto local = address_text(words[1]);
  const auto remote = address_text(words[2]);
  const auto inode = number_of<std::uint64_t>(words[9], 10);
  if (!local || !remote || !inode) return std::nullopt;
  constexpr std::string_view kListening = "0A";
  std::string text = std::string(protocol) + " " + *local;
  if (protocol.starts_with("tcp") && words[3] == kListening) {
    text += " listening";
  } else if (!remote->ends_with(":0")) {
    text += " to " + *remote;
  }
  return SocketLine{.inode = *inode, .text = std::move(text)};
}

std::optional<SocketLine> parse_unix(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() < 7) return std::nullopt;
  const auto inode = number_of<std::uint64_t>(words[6], 10);
  if (!inode) return std::nullopt;
  return SocketLine{.inode = *inode, .text = words.size() > 7 ? "unix " + std::string(words[7]) : "unix"};
}

}  // namespace

std::vector<LimitLine> parse_limits(std::string_view text) {
  // Columns of fixed width, since the names have blanks.
  constexpr std::size_t kName = 26;
  constexpr std::size_t kValue = 21;
  std::vector<LimitLine> limits;
  for_each_line(text, [&](std::string_view line) {
    if (!line.starts_with("Max ") || line.size() < kName + kValue) return;
    limits.push_back({.name = std::string(trimmed(line.substr(0, kName))),
                      .soft = std::string(trimmed(line.substr(kName, kValue))),
                      .hard = std::string(trimmed(line.substr(kName + kValue, kValue)))});
  });
  return limits;
}

std::vector<SocketLine> parse_sockets(std::string_view protocol, std::string_view text) {
  std::vector<SocketLine> sockets;
  for_each_line(text, [&](std::string_view line) {
    auto socket = protocol == "unix" ? parse_unix(line) : parse_inet(protocol, line);
    if (socket) sockets.push_back(std::move(*socket));
  });
  return sockets;
}

std::optional<std::vector<DescriptorLink>> read_descriptors(Pid pid) {
  const std::string path = path_of(pid, "fd");
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return std::nullopt;
  std::vector<DescriptorLink> found;
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto number = number_of<int>(entry->d_name, 10);
    if (!number) continue;
    if (auto target = read_process_link(pid, "fd/" + std::to_string(*number))) {
      found.push_back({.number = *number, .target = std::move(*target)});
    }
  }
  std::ranges::sort(found, {}, &DescriptorLink::number);
  return found;
}

std::optional<std::string> read_process_link(Pid pid, const std::string& name) {
  std::array<char, 4096> target;
  const auto size = ::readlink(path_of(pid, name).c_str(), target.data(), target.size());
  if (size < 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(size));
}

std::string read_process_file(Pid pid, const std::string& name) {
  return read_file(path_of(pid, name), kLargestFile).value_or(std::string());
}

}  // namespace foster::sys
