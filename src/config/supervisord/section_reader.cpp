#include "config/supervisord/section_reader.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace foster::config::supervisord {

void Findings::report(Severity severity, Place where, std::string key, std::string message, std::string hint) {
  Diagnostic found;
  if (where.file < ini_.files().size()) found.file = ini_.files()[where.file].path;
  found.line = where.at.line;
  found.column = where.at.column;
  found.key = std::move(key);
  found.message = std::move(message);
  found.hint = std::move(hint);
  found.severity = severity;
  if (std::ranges::find(diagnostics_, found) == diagnostics_.end()) diagnostics_.push_back(std::move(found));
}

void Findings::add(std::vector<Diagnostic> diagnostics) {
  std::ranges::move(diagnostics, std::back_inserter(diagnostics_));
}

bool Findings::has_error() const {
  return std::ranges::any_of(diagnostics_, [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::vector<Diagnostic> Findings::take() {
  finish_diagnostics(diagnostics_, ini_.files());
  return std::move(diagnostics_);
}

void finish_diagnostics(std::vector<Diagnostic>& diagnostics, const std::vector<IniFile>& files) {
  std::vector<Diagnostic> sorted;
  std::vector<std::string_view> done;
  for (const IniFile& file : files) {
    if (std::ranges::find(done, file.path) != done.end()) continue;
    done.push_back(file.path);
    std::vector<Diagnostic> own;
    std::ranges::copy_if(diagnostics, std::back_inserter(own),
                         [&](const Diagnostic& d) { return d.file == file.path; });
    std::erase_if(diagnostics, [&](const Diagnostic& d) { return d.file == file.path; });
    sort_by_position(own);
    attach_source(own, file.text);
    std::ranges::move(own, std::back_inserter(sorted));
  }
  std::ranges::move(diagnostics, std::back_inserter(sorted));
  diagnostics = std::move(sorted);
}

std::string_view SectionReader::name() const {
  const std::string_view full = section_.name;
  const std::size_t colon = full.find(':');
  return colon == std::string_view::npos ? std::string_view{} : full.substr(colon + 1);
}

std::optional<std::string> SectionReader::raw(std::string_view key) const {
  const IniKey* found = ini_.find(section_, key);
  return found == nullptr ? std::nullopt : std::optional(found->value);
}

std::optional<std::string> SectionReader::expanded(std::string_view key, std::string_view text) {
  auto result = expand(text, names_);
  if (!result) {
    error(key, std::move(result.error().message), std::move(result.error().hint));
    return std::nullopt;
  }
  if (result->has_nameless) {
    warning(key, "a \"%s\" without a name is left as it is, where Supervisor would write its whole table of names",
            "write \"%%s\"");
  }
  return std::move(result->text);
}

std::optional<std::string> SectionReader::text(std::string_view key) {
  const auto written = raw(key);
  return written ? expanded(key, *written) : std::nullopt;
}

std::optional<std::string> SectionReader::text_expanded_twice(std::string_view key) {
  auto once = text(key);
  if (!once) return once;
  auto twice = expand(*once, names_);
  return twice ? std::move(twice->text) : std::move(once);
}

void SectionReader::report(Severity severity, std::string_view key, std::string message, std::string hint) {
  const IniKey* found = ini_.find(section_, key);
  std::string name = key.empty() ? section_.name : fmt::format("{}.{}", section_.name, key);
  findings_.report(severity, found == nullptr ? section_.where : found->value_at, std::move(name), std::move(message),
                   std::move(hint));
}

void SectionReader::error(std::string_view key, std::string message, std::string hint) {
  report(Severity::error, key, std::move(message), std::move(hint));
}

void SectionReader::warning(std::string_view key, std::string message, std::string hint) {
  report(Severity::warning, key, std::move(message), std::move(hint));
}

std::shared_ptr<const Written> SectionReader::written() const {
  auto result = std::make_shared<Written>();
  result->section = section_.name;
  result->where = section_.where;
  for (const IniKey& key : ini_.defaults().keys) result->keys.insert_or_assign(key.name, key);
  for (const IniKey& key : section_.keys) result->keys.insert_or_assign(key.name, key);
  return result;
}

}  // namespace foster::config::supervisord
