#include "cli/supervisorctl/settings.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "cli/supervisorctl/words.hpp"
#include "cli/supervisord_file.hpp"
#include "config/supervisord/expansion.hpp"
#include "config/supervisord/ini.hpp"
#include "sys/files.hpp"

namespace foster::cli::supervisorctl {
namespace {

namespace fs = std::filesystem;
namespace supervisord = config::supervisord;
using Problem = std::unexpected<std::string>;

constexpr std::string_view kSection = "supervisorctl";
constexpr std::string_view kPluginSection = "ctlplugin:";
constexpr std::string_view kUnix = "unix://";

std::string home_of(const std::string& user) {
  if (const char* home = std::getenv("HOME"); user.empty() && home != nullptr) return home;
  const passwd* entry = user.empty() ? ::getpwuid(::getuid()) : ::getpwnam(user.c_str());
  return entry != nullptr ? entry->pw_dir : "~" + user;
}

// Absolute, "~" and "~user" replaced.
std::string whole_path(std::string path) {
  if (path.starts_with('~')) {
    const auto end = std::min(path.find('/'), path.size());
    path = home_of(path.substr(1, end - 1)) + path.substr(end);
  }
  std::error_code ignored;
  path = fs::absolute(path, ignored).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

supervisord::Expansions names_in(const fs::path& here) {
  supervisord::Expansions names{{"here", here.string()}};
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view entry = *one;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    names[fmt::format("ENV_{}", entry.substr(0, equals))] = std::string(entry.substr(equals + 1));
  }
  return names;
}

// The values of one section, expanded as they are asked for.
class Values {
 public:
  Values(const supervisord::Ini& ini, const supervisord::IniSection& section, const fs::path& here)
      : ini_(ini), section_(section), with_here_(names_in(here)), without_(with_here_) {
    without_.erase("here");
  }

  /// Leaves `into` as it is where there is no such key.
  template <class Text>
  void read(std::string_view key, Text& into) {
    read_with(without_, key, into);
  }
  template <class Text>
  void read_path(std::string_view key, Text& into) {
    read_with(with_here_, key, into);
  }

  std::string problem;

 private:
  template <class Text>
  void read_with(const supervisord::Expansions& names, std::string_view key, Text& into) {
    const supervisord::IniKey* found = ini_.find(section_, key);
    if (found == nullptr) return;
    auto value = supervisord::expand(found->value, names);
    if (value) {
      into = std::move(value->text);
    } else if (problem.empty()) {
      problem = fmt::format("{}.{}: {}", kSection, key, value.error().message);
    }
  }

  const supervisord::Ini& ini_;
  const supervisord::IniSection& section_;
  supervisord::Expansions with_here_;
  supervisord::Expansions without_;
};

std::expected<Settings, std::string> read_file(const std::string& path) {
  const auto text = sys::read_file(path);
  if (!text && text.error().code == ENOENT) return Problem("could not find config file " + path);
  if (!text) return Problem("could not read config file " + path);
  supervisord::Ini ini;
  if (const auto problems = ini.read(path, *text); !problems.empty()) {
    return Problem(
        fmt::format("{} (file: {}, line {})", problems.front().message, in_quotes(path), problems.front().line));
  }
  const supervisord::IniSection* section = ini.find(kSection);
  if (section == nullptr) return Problem(".ini file does not include supervisorctl section");
  Values values(ini, *section, fs::path(whole_path(path)).parent_path());
  Settings settings;
  values.read_path("serverurl", settings.url);
  values.read("prompt", settings.prompt);
  values.read("username", settings.username);
  values.read("password", settings.password);
  values.read_path("history_file", settings.history_file);
  if (!values.problem.empty()) return Problem(values.problem);
  if (settings.url.starts_with(kUnix)) {
    settings.url = std::string(kUnix) + whole_path(settings.url.substr(kUnix.size()));
  }
  for (const supervisord::IniSection& one : ini.sections()) {
    if (one.name.starts_with(kPluginSection)) settings.ignored.push_back(one.name);
  }
  return settings;
}

}  // namespace

std::expected<Settings, std::string> read_settings(const CommandLine& line, const std::string& program) {
  const auto file = line.config_file ? line.config_file : find_supervisord_file(program);
  std::expected<Settings, std::string> settings{};
  if (file && !file->empty()) settings = read_file(*file);
  if (!settings) return settings;
  if (line.url) settings->url = *line.url;
  if (line.username) settings->username = line.username;
  if (line.password) settings->password = line.password;
  if (line.history_file) settings->history_file = *line.history_file;
  if (!settings->history_file.empty()) settings->history_file = whole_path(settings->history_file);
  return settings;
}

}  // namespace foster::cli::supervisorctl
