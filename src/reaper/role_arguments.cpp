#include "reaper/role_arguments.hpp"

#include <fcntl.h>

#include <charconv>
#include <string_view>

#include "sys/files.hpp"

namespace foster::reaper {
namespace {

UniqueFd inherited(std::string_view number) {
  int fd = -1;
  (void)std::from_chars(number.data(), number.data() + number.size(), fd);
  if (fd < 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return {};
  return UniqueFd(fd);
}

}  // namespace

RoleArguments read_role_arguments(int argc, char** argv) {
  RoleArguments arguments;
  for (int n = 1; n + 1 < argc; n += 2) {
    const std::string_view key = argv[n];
    const char* value = argv[n + 1];
    if (key == "--name") arguments.name = value;
    if (key == "--runtime-dir") arguments.directories.runtime = value;
    if (key == "--state-dir") arguments.directories.state = value;
    if (key == "--log-dir") arguments.directories.logs = value;
    if (key == "--config") arguments.config = value;
    if (key == "--supervisord") arguments.supervisord = value;
    if (key == "--channel") arguments.channel = inherited(value);
    if (key == "--lock") arguments.lock = inherited(value);
    if (key == "--listener") arguments.listener = inherited(value);
    if (key == "--kept") arguments.kept = inherited(value);
    if (key == "--bequest") arguments.bequest = inherited(value);
    if (key == "--takeover") arguments.takeover = inherited(value);
    if (key == "--ready-fd") arguments.ready = inherited(value);
  }
  return arguments;
}

std::vector<std::string> role_words(const RoleArguments& arguments) {
  std::vector<std::string> words{"--name",        arguments.name,
                                 "--runtime-dir", arguments.directories.runtime,
                                 "--state-dir",   arguments.directories.state,
                                 "--log-dir",     arguments.directories.logs};
  if (!arguments.config.empty()) words.insert(words.end(), {"--config", arguments.config});
  if (!arguments.supervisord.empty()) words.insert(words.end(), {"--supervisord", arguments.supervisord});
  return words;
}

void tell_ready(UniqueFd& ready, const std::string& line) {
  if (!ready) return;
  (void)sys::write_all(ready, line);
  ready.reset();
}

}  // namespace foster::reaper
