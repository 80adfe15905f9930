#include "cli/target.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "cli/client.hpp"
#include "cli/supervisord/main.hpp"
#include "config/load.hpp"
#include "config/supervisord/load.hpp"
#include "sys/files.hpp"

namespace foster::cli {
namespace {

constexpr std::size_t kLargestConfig = 16 * 1024 * 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// `name = "shop"` above the first table, as people write it. What is written in rarer ways is left to the real
// parser; commands that only talk to foster should not have to read a whole config first.
std::optional<std::string> plain_name(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.starts_with('[')) return std::nullopt;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != "name") continue;
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (value.size() < 2 || (value.front() != '"' && value.front() != '\'')) return std::nullopt;
    const auto close = value.find(value.front(), 1);
    const std::string_view name = value.substr(1, close - 1);
    if (close == std::string_view::npos || name.find('\\') != std::string_view::npos) return std::nullopt;
    return std::string(name);
  }
  return std::nullopt;
}

Result<Target> target_called(std::string name, Target::Found found) {
  auto directories = sys::directories_for(name, ::geteuid());
  if (!directories) return Failure(directories.error());
  return Target{.name = std::move(name), .directories = std::move(*directories), .found = found};
}

}  // namespace

std::optional<std::string> config_in(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path base = std::filesystem::absolute(directory, error);
  if (error) return std::nullopt;
  for (const char* file : {"foster.toml", "supervisord.conf", "Procfile"}) {
    const auto path = (base / file).lexically_normal();
    if (std::filesystem::exists(path, error)) return path.string();
  }
  return std::nullopt;
}

std::string name_in_config(const std::string& path) {
  if (!path.ends_with(".toml")) return config::default_name_for(path);
  const auto text = sys::read_file(path, kLargestConfig);
  if (!text) return config::default_name_for(path);
  if (auto name = plain_name(*text)) return *name;
  // A name may still be there: spelled unusually. Most files that come here have none.
  if (text->find("name") != std::string::npos) {
    if (const auto loaded = config::load_file(path)) return loaded->model.name;
  }
  return config::default_name_for(path);
}

std::vector<std::string> running_instances() {
  const auto base = sys::runtime_base(::geteuid());
  if (!base) return {};
  std::vector<std::string> running;
  for (const std::string& name : sys::list_instances(*base)) {
    const auto directories = sys::directories_for(name, ::geteuid());
    if (directories && Client(*directories).may_be_alive()) running.push_back(name);
  }
  return running;
}

Result<Target> find_target(const TargetQuery& query) {
  if (query.name) return target_called(*query.name, Target::Found::by_option);
  if (const char* name = std::getenv("FOSTER_NAME"); name != nullptr && *name != '\0') {
    return target_called(name, Target::Found::by_environment);
  }
  const auto config = query.config ? query.config : config_in(query.directory);
  if (config && config::supervisord::is_supervisord_file(*config)) {
    auto stand_in = target_called(supervisord::instance_name_for(*config), Target::Found::by_config);
    if (stand_in && Client(stand_in->directories).may_be_alive()) return stand_in;
  }
  if (config) return target_called(name_in_config(*config), Target::Found::by_config);
  auto running = running_instances();
  if (running.size() == 1) return target_called(std::move(running.front()), Target::Found::only_running);
  return target_called("default", Target::Found::by_default);
}

}  // namespace foster::cli
