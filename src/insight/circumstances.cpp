// What lint asks of the machine beside the facts.
#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <string>

#include "insight/lint.hpp"
#include "sys/files.hpp"

namespace foster::insight {
namespace {

constexpr std::size_t kLargestPidfile = 64;

std::optional<bool> pins_a_mount(Pid pid) {
  struct stat directory{};
  struct stat root{};
  const std::string base = fmt::format("/proc/{}/", pid.number());
  if (::stat((base + "cwd").c_str(), &directory) != 0 || ::stat((base + "root").c_str(), &root) != 0)
    return std::nullopt;
  return directory.st_dev != root.st_dev;
}

std::optional<pid_t> number_in(const std::string& path) {
  const auto text = sys::read_file(path, kLargestPidfile);
  if (!text) return std::nullopt;
  pid_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

}  // namespace

Circumstances read_circumstances(const Process& process) {
  Circumstances found;
  found.pins_a_mount = pins_a_mount(process.pid);
  for (const std::string& path :
       {fmt::format("/run/{}.pid", process.name), fmt::format("/run/{0}/{0}.pid", process.name)}) {
    const auto number = number_in(path);
    if (!number || *number <= 0 || *number == process.pid.number()) continue;
    // A worker's master, or another copy of the program, may well have one.
    const auto owner = sys::read_stat(Pid(*number));
    if (!owner || owner->comm != process.name) found.wrong_pidfiles.push_back(path);
  }
  return found;
}

}  // namespace foster::insight
