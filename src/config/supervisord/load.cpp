#include "config/supervisord/load.hpp"

#include <algorithm>

#include "config/supervisord/import.hpp"
#include "config/supervisord/read.hpp"
#include "config/supervisord/to_model.hpp"

namespace foster::config::supervisord {

namespace {

struct Translated {
  Config config;
  core::Model model;
  Diagnostics warnings;
};

std::expected<Translated, Diagnostics> translate(const std::string& path, const ToModelOptions& options) {
  auto read = read_config(path, {.environment = process_environment()});
  if (!read) return std::unexpected(std::move(read.error()));
  ToModel translated = to_model(read->config, options);
  Diagnostics findings = std::move(read->warnings);
  std::ranges::move(translated.findings, std::back_inserter(findings));
  if (std::ranges::any_of(findings, [](const Diagnostic& d) { return d.severity == Severity::error; })) {
    return std::unexpected(std::move(findings));
  }
  return Translated{std::move(read->config), std::move(translated.model), std::move(findings)};
}

}  // namespace

bool is_supervisord_file(std::string_view path) {
  return path.ends_with(".conf") || path.ends_with(".ini");
}

std::expected<Loaded, Diagnostics> load(const std::string& path, const LoadOptions& options) {
  auto translated = translate(path, {.default_name = options.default_name});
  if (!translated) return std::unexpected(std::move(translated.error()));
  return Loaded{.model = std::move(translated->model),
                .path = std::move(translated->config.path),
                .warnings = std::move(translated->warnings)};
}

std::expected<Imported, Diagnostics> import_file(const std::string& path) {
  auto translated = translate(path, {});
  if (!translated) return std::unexpected(std::move(translated.error()));
  return Imported{.toml = import_text(translated->config, translated->model),
                  .warnings = std::move(translated->warnings)};
}

}  // namespace foster::config::supervisord
