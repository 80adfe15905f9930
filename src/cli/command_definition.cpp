#include "cli/command_definition.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "config/utf8.hpp"

namespace foster::cli {
namespace {

// One command is taken as it stands.
void write_command(api::JsonWriter& json, const std::vector<std::string>& words, Percent percent) {
  json.key("command").begin_array();
  for (const std::string& word : words) {
    std::string escaped;
    for (const char c : word) escaped += c == '%' ? std::string("%%") : std::string(1, c);
    json.string(percent == Percent::worker_number ? word : escaped);
  }
  json.end_array();
}

void write_environment(api::JsonWriter& json, Context& context) {
  json.key("clear-environment").boolean(true);
  json.key("environment").begin_object();
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view entry = *one;
    const auto equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    if (!config::is_utf8(entry)) {
      context.complain("the variable {} is left out: it is not UTF-8", entry.substr(0, equals));
      continue;
    }
    json.key(entry.substr(0, equals)).string(entry.substr(equals + 1));
  }
  json.end_object();
}

// The umask can only be read by setting it.
std::string current_umask() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return fmt::format("{:03o}", mask);
}

}  // namespace

bool write_invocation(api::JsonWriter& json, Context& context, const std::vector<std::string>& words, Percent percent) {
  std::error_code error;
  const std::string directory = std::filesystem::current_path(error).string();
  if (error) {
    context.complain("the current directory: {}", error.message());
    return false;
  }
  write_command(json, words, percent);
  json.key("directory").string(directory);
  json.key("umask").string(current_umask());
  write_environment(json, context);
  return true;
}

}  // namespace foster::cli
