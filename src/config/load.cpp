#include "config/load.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "config/files.hpp"
#include "config/json.hpp"
#include "config/read_model.hpp"
#include "config/reader.hpp"
#include "config/schema.hpp"
#include "config/supervisord/load.hpp"
#include "config/toml.hpp"

namespace foster::config {

namespace {

// Nobody reads more; a machine that wrote the file should not get a report larger than it.
constexpr std::size_t kMaxDiagnostics = 200;

bool has_error(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::error; });
}

Diagnostic about_file(std::string_view path, std::string message, std::string hint = {}) {
  Diagnostic diagnostic;
  diagnostic.file = path;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

// Findings in other files (env-files) carry their own lines.
void finish(Diagnostics& diagnostics, std::string_view text, std::string_view path) {
  const auto others = std::ranges::stable_partition(diagnostics, [&](const Diagnostic& d) { return d.file == path; });
  Diagnostics own(std::make_move_iterator(diagnostics.begin()), std::make_move_iterator(others.begin()));
  Diagnostics rest(std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  sort_by_position(own);
  const std::size_t found = own.size();
  if (found > kMaxDiagnostics) {
    Diagnostic more = about_file(path, fmt::format("{} more findings are not shown", found - kMaxDiagnostics));
    more.severity = has_error(own) ? Severity::error : Severity::warning;
    own.resize(kMaxDiagnostics);
    own.push_back(std::move(more));
  }
  attach_source(own, text);
  std::ranges::move(rest, std::back_inserter(own));
  diagnostics = std::move(own);
}

struct Outcome {
  core::Model model;
  Diagnostics diagnostics;
};

Outcome read_text(std::string_view text, std::string_view path, std::string_view base_directory,
                  std::string_view default_name, Looks looks) {
  TomlText toml = parse_toml(text, path);
  Reader reader(path, base_directory, looks);
  Outcome outcome;
  outcome.model = read_model(reader, toml.table, default_name, toml.completeness);
  outcome.diagnostics = std::move(toml.diagnostics);
  std::ranges::move(reader.take_diagnostics(), std::back_inserter(outcome.diagnostics));
  finish(outcome.diagnostics, text, path);
  return outcome;
}

Diagnostic unreadable(const std::string& path, const Error& error) {
  switch (error.code) {
    case EFBIG:
      return about_file(path, "the file is larger than 16 MiB, so it is no config");
    case EINVAL:
      return about_file(path, "this is not a regular file");
    case EISDIR:
      return about_file(path, "this is a directory", fmt::format("name the file: {}/foster.toml", path));
    default:
      return about_file(path, fmt::format("cannot read the file: {}", to_string(error)));
  }
}

}  // namespace

std::expected<Loaded, Diagnostics> load_file(const std::string& path, const LoadOptions& options) {
  if (path.contains('\0')) return std::unexpected(Diagnostics{about_file(path, "the path holds a NUL byte")});
  if (supervisord::is_supervisord_file(path)) return supervisord::load(path, options);
  const auto text = read_text_file(path);
  if (!text) return std::unexpected(Diagnostics{unreadable(path, text.error())});
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) {
    return std::unexpected(
        Diagnostics{about_file(path, fmt::format("cannot find the current directory: {}", error.message()))});
  }
  const std::string full = absolute.lexically_normal().string();
  const std::string directory = absolute_path(full, "..");
  const std::string name = options.default_name.empty() ? default_name_for(full) : options.default_name;
  Outcome outcome = read_text(*text, path, directory, name, Looks::also_at_files);
  if (has_error(outcome.diagnostics)) return std::unexpected(std::move(outcome.diagnostics));
  return Loaded{.model = std::move(outcome.model), .path = full, .warnings = std::move(outcome.diagnostics)};
}

std::expected<core::Model, Diagnostics> load_text(std::string_view text, std::string_view path_for_messages,
                                                  std::string_view base_directory, std::string_view default_name) {
  Outcome outcome = read_text(text, path_for_messages, base_directory, default_name, Looks::at_text_alone);
  if (has_error(outcome.diagnostics)) return std::unexpected(std::move(outcome.diagnostics));
  return std::move(outcome.model);
}

std::expected<core::Service, Diagnostics> service_from_json(std::string_view name, std::string_view json_object,
                                                            std::string_view base_directory) {
  const auto table = parse_json(json_object);
  if (!table) return std::unexpected(Diagnostics{about_file({}, table.error())});
  Reader reader({}, base_directory);
  const KeyScope scope(reader, fmt::format("service.{}", name));
  // These are for files, where it is seen whether an instance of another service is called the same.
  if (!is_name(name) && is_service_name(name)) {
    reader.error({}, fmt::format("\"{}\" cannot be the name of a service", name), "only in a file it can");
  }
  core::Service service = read_service(reader, name, {}, *table, Completeness::whole);
  if (has_error(reader.diagnostics())) return std::unexpected(reader.take_diagnostics());
  return service;
}

std::string service_to_json(const core::Service& service) {
  return write_json(write_table(service_keys(), service));
}

std::string model_to_toml(const core::Model& model) {
  RawTable services;
  for (const core::Service& service : model.services) {
    services.append(service.name, Raw(write_table(service_keys(), service)));
  }
  RawTable file;
  file.append("name", Raw(model.name));
  if (!services.is_empty()) file.append("service", Raw(std::move(services)));
  return write_toml(file);
}

std::string default_name_for(std::string_view path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(std::filesystem::path(path), error).lexically_normal();
  const std::string directory = absolute.parent_path().filename().string();
  std::string name;
  for (const char c : directory) {
    const bool fits = is_name(std::string("a") + c);
    if (fits && name.size() < 63) name += c;
    if (!fits && !name.empty() && !name.ends_with('-') && name.size() < 63) name += '-';
  }
  while (!name.empty() && !is_name(name)) name.erase(0, 1);
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "default" : name;
}

}  // namespace foster::config
