#include "config/schema_environment.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/env_file.hpp"
#include "config/files.hpp"
#include "config/schema.hpp"

namespace foster::config {

namespace {

using core::Service;

void set_variable(Service& service, std::string name, std::string value) {
  const auto known = std::ranges::find(service.environment, name, [](const auto& variable) { return variable.first; });
  if (known != service.environment.end()) {
    known->second = std::move(value);
  } else {
    service.environment.emplace_back(std::move(name), std::move(value));
  }
}

void read_one_env_file(Reader& reader, const Raw& raw, Service& service) {
  const auto written = reader.text(raw);
  if (!written) return;
  const std::string path = absolute_path(reader.base_directory(), *written);
  const auto text = read_text_file(path);
  if (!text) return reader.error(raw.where(), fmt::format("cannot read the env-file: {}", to_string(text.error())));
  EnvFile file = parse_env_file(*text, path);
  for (Diagnostic& diagnostic : file.diagnostics) reader.add(std::move(diagnostic));
  for (auto& [name, value] : file.variables) set_variable(service, std::move(name), std::move(value));
}

}  // namespace

void read_env_file(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (const auto* array = raw.as<RawArray>()) {
    for (const Raw& element : *array) read_one_env_file(reader, element, service);
  } else if (raw.as<std::string>() != nullptr) {
    read_one_env_file(reader, raw, service);
  } else {
    reader.expected("a path or a list of paths", raw);
  }
}

void read_environment(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  const auto* table = raw.as<RawTable>();
  if (table == nullptr) return reader.expected("a table such as { PORT = \"8000\" }", raw);
  for (const RawEntry& entry : table->entries()) {
    const KeyScope scope(reader, entry.key);
    if (!is_environment_name(entry.key)) {
      reader.error(entry.where, "a variable's name is not empty and holds no \"=\" and no NUL byte");
    } else if (const auto* number = entry.value.as<std::int64_t>()) {
      set_variable(service, entry.key, fmt::format("{}", *number));
    } else if (const bool* flag = entry.value.as<bool>()) {
      reader.expected("text in quotes", entry.value,
                      fmt::format("write \"{}\" or \"{}\", as the program wants it", *flag, *flag ? 1 : 0));
    } else if (auto value = reader.text(entry.value)) {
      set_variable(service, entry.key, std::move(*value));
    }
  }
}

std::optional<Raw> write_environment(const Service& service) {
  if (service.environment.empty()) return std::nullopt;
  RawTable table;
  for (const auto& [name, value] : service.environment) table.append(name, Raw(value));
  return Raw(std::move(table));
}

}  // namespace foster::config
