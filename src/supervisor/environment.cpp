#include "supervisor/environment.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace foster::supervisor {
namespace {

constexpr std::array<std::string_view, 10> kOwn{"NOTIFY_SOCKET",   "LISTEN_FDS",   "LISTEN_PID",  "LISTEN_FDNAMES",
                                                "WATCHDOG_USEC",   "WATCHDOG_PID", "FOSTER_NAME", "FOSTER_SERVICE",
                                                "FOSTER_INSTANCE", kRunTag};

std::string_view name_of(std::string_view line) {
  return line.substr(0, line.find('='));
}

void set(std::vector<std::string>& lines, std::string_view name, std::string_view value) {
  std::string line;
  line.reserve(name.size() + 1 + value.size());
  line.append(name).append("=").append(value);
  const auto found = std::ranges::find_if(lines, [&](const std::string& old) { return name_of(old) == name; });
  if (found != lines.end()) {
    *found = std::move(line);
  } else {
    lines.push_back(std::move(line));
  }
}

}  // namespace

std::vector<std::string> run_environment(const core::Service& service, const RunFacts& facts,
                                         const char* const* inherited) {
  std::vector<std::string> lines;
  lines.reserve(64);
  if (!service.clear_environment) {
    for (; *inherited != nullptr; ++inherited) {
      const std::string_view line = *inherited;
      if (std::ranges::find(kOwn, name_of(line)) == kOwn.end()) lines.emplace_back(line);
    }
  }
  for (const auto& [name, value] : service.environment) set(lines, name, value);
  set(lines, "FOSTER_NAME", facts.foster);
  set(lines, "FOSTER_SERVICE", service.name);
  set(lines, "FOSTER_INSTANCE", core::instance_name(service, facts.index));
  set(lines, kRunTag, facts.tag);
  if (!facts.notify_socket.empty()) set(lines, "NOTIFY_SOCKET", facts.notify_socket);
  return lines;
}

}  // namespace foster::supervisor
