#include "supervisor/definitions.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "config/load.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::supervisor {
namespace {

// Two comment lines before the TOML say what the model does not: the path, to the end of its line, and names.
constexpr std::string_view kConfigLine = "# applied: ";
constexpr std::string_view kAdHocLine = "# ad hoc:";
constexpr std::size_t kMaxFile = 64 << 20;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::set<std::string> split_names(std::string_view names) {
  std::set<std::string> result;
  while (!names.empty()) {
    const std::size_t end = names.find(' ');
    if (end != 0) result.emplace(names.substr(0, end));
    names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
  }
  return result;
}

}  // namespace

Result<> store_definitions(const std::string& path, const core::Model& model, const Origin& origin) {
  std::string text(kConfigLine);
  text.append(origin.config).append("\n").append(kAdHocLine);
  for (const std::string& name : origin.ad_hoc) text.append(" ").append(name);
  text.append("\n").append(config::model_to_toml(model));
  return sys::replace_file(path, text);
}

Result<Definitions> load_definitions(const std::string& path, const std::string& name) {
  const auto text = sys::read_file(path, kMaxFile);
  if (!text) return Failure(text.error());
  Definitions definitions;
  std::string_view rest = *text;
  if (rest.starts_with(kConfigLine)) definitions.origin.config = take_line(rest).substr(kConfigLine.size());
  if (rest.starts_with(kAdHocLine)) definitions.origin.ad_hoc = split_names(take_line(rest).substr(kAdHocLine.size()));
  auto model = config::load_text(rest, path, "/", name);
  if (!model) return failure("read", EBADMSG, path + ": " + model.error().front().message);
  definitions.model = std::move(*model);
  return definitions;
}

Result<> promote_definitions(const std::string& next, const std::string& applied) {
  return sys::check_done(std::rename(next.c_str(), applied.c_str()), "rename", next);
}

core::Model with_ad_hoc(core::Model wanted, const core::Model& current, const Origin& origin) {
  for (const core::Service& service : current.services) {
    const auto is_named = [&](const core::Service& other) { return other.name == service.name; };
    if (origin.ad_hoc.contains(service.name) && std::ranges::none_of(wanted.services, is_named)) {
      wanted.services.push_back(service);
    }
  }
  return wanted;
}

}  // namespace foster::supervisor
