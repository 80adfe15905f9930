#include "config/read_model.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "config/schema.hpp"
#include "config/suggest.hpp"
#include "core/command_line.hpp"
#include "core/dependencies.hpp"
#include "core/record.hpp"
#include "core/standard_output.hpp"

namespace foster::config {

namespace {

constexpr std::string_view kNameRule =
    "at most 63 letters, digits, \".\", \"_\" and \"-\", the first a letter or a digit";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Position position_of(const RawTable& table, std::string_view key, Position otherwise) {
  const RawEntry* entry = table.find_entry(key);
  return entry == nullptr ? otherwise : entry->value.where();
}

void check_forking(Reader& reader, const RawTable& table, Position where, const core::Service& service) {
  const bool is_forking = service.type == core::ServiceType::forking;
  if (!is_forking && std::holds_alternative<core::ReadyForking>(service.ready.how)) {
    const KeyScope scope(reader, "ready");
    reader.error(position_of(table, "ready", where), "ready = \"forking\" is for services that fork",
                 "add type = \"forking\"");
  }
  if (service.pidfile.empty()) return;
  const KeyScope scope(reader, "pidfile");
  if (!is_forking) {
    reader.warning(position_of(table, "pidfile", where), "the pidfile is not used by a service that does not fork",
                   "add type = \"forking\", or leave it out");
  } else if (service.workers > 1 && !service.pidfile.contains("%i")) {
    reader.error(position_of(table, "pidfile", where),
                 fmt::format("{} workers cannot share a pidfile", service.workers),
                 "put %i, the number of the worker, into its name");
  }
}

void check_log_files(Reader& reader, const RawTable& table, Position where, const core::Service& service) {
  for (const auto& [stream, key] : {std::pair(core::Stream::out, "log"), std::pair(core::Stream::err, "stderr-log")}) {
    const core::LogPolicy* log = core::own_log(service, stream);
    if (service.workers == 1 || log == nullptr || log->file.empty() || log->file.contains("%i")) continue;
    const KeyScope scope(reader, key);
    reader.error(position_of(table, key, where), fmt::format("{} workers cannot share a log file", service.workers),
                 "put %i, the number of the worker, into its name");
  }
}

// A log that keeps nothing cannot be read.
std::string why_not_kept(const core::Service& service, Looks looks) {
  if (!service.log.enabled) return "log = \"none\" throws it away";
  if (service.log.file.empty()) return {};
  const std::string path = core::expand_text(service, 0, service.log.file);
  std::error_code error;
  const bool is_special =
      core::standard_stream(path) || (looks == Looks::also_at_files && std::filesystem::exists(path, error) &&
                                      !std::filesystem::is_regular_file(path, error));
  return is_special ? fmt::format("{} keeps nothing", path) : std::string();
}

void check_ready_log(Reader& reader, const RawTable& table, Position where, const core::Service& service) {
  if (!std::holds_alternative<core::ReadyLog>(service.ready.how)) return;
  const std::string why = why_not_kept(service, reader.looks());
  if (why.empty()) return;
  const KeyScope scope(reader, "ready");
  reader.error(position_of(table, "ready", where), fmt::format("ready.log reads the output, and {}", why),
               "keep the log, or become ready in another way");
}

void check_service_name(Reader& reader, std::string_view name, Position where) {
  if (!is_service_name(name))
    reader.error(where, fmt::format("\"{}\" cannot be the name of a service", name), std::string(kServiceNameRule));
}

const RawTable* services_of(Reader& reader, const RawTable& table) {
  const RawEntry* entry = table.find_entry("service");
  if (entry == nullptr) return nullptr;
  const KeyScope scope(reader, "service");
  const auto* services = entry->value.as<RawTable>();
  if (services == nullptr) {
    reader.expected("tables", entry->value, "a service begins with [service.NAME]");
    return nullptr;
  }
  return services;
}

// Keys of the file that are none; a table that looks like a service was meant to be one.
void check_file_keys(Reader& reader, const RawTable& table) {
  RawTable others;
  for (const RawEntry& entry : table.entries()) {
    const auto* inner = entry.value.as<RawTable>();
    if (inner == nullptr || entry.key == "service" || inner->find("command") == nullptr) {
      others.append(entry.key, entry.value, entry.where);
      continue;
    }
    const KeyScope scope(reader, entry.key);
    reader.error(entry.where, fmt::format("unknown table \"{}\"", entry.key),
                 fmt::format("a service begins with [service.{}]", entry.key));
  }
  report_unknown_keys(reader, others, file_keys());
}

void read_name(Reader& reader, const RawTable& table, std::string_view default_name, core::Model& model) {
  model.name = default_name;
  const Raw* raw = table.find("name");
  if (raw == nullptr) return;
  const KeyScope scope(reader, "name");
  const auto name = reader.text(*raw);
  if (!name) return;
  if (!is_name(*name)) {
    return reader.error(raw->where(), fmt::format("\"{}\" cannot be a name", *name), std::string(kNameRule));
  }
  model.name = *name;
}

// Where the entry `name` of the list `key` of a service stands in the text.
Position position_of_entry(const RawTable& services, const core::DependencyProblem& problem) {
  const RawEntry* service = services.find_entry(problem.service);
  const auto* table = service == nullptr ? nullptr : service->value.as<RawTable>();
  if (table == nullptr) return {};
  const Raw* list = table->find(problem.key);
  if (list == nullptr) return service->where;
  const auto* elements = list->as<RawArray>();
  if (elements == nullptr) return list->where();
  for (const Raw& element : *elements) {
    const auto* text = element.as<std::string>();
    if (text != nullptr && *text == problem.name) return element.where();
  }
  return list->where();
}

void check_dependencies_of(Reader& reader, const RawTable& services, const core::Model& model) {
  std::vector<std::string_view> names;
  for (const core::Service& service : model.services) names.push_back(service.name);
  for (const core::DependencyProblem& problem : core::check_dependencies(model)) {
    const KeyScope scope(reader, fmt::format("service.{}.{}", problem.service, problem.key));
    const Position where = position_of_entry(services, problem);
    switch (problem.kind) {
      case core::DependencyProblem::Kind::unknown_name:
        reader.error(where, fmt::format("there is no service \"{}\"", problem.name), did_you_mean(problem.name, names));
        break;
      case core::DependencyProblem::Kind::cycle:
        reader.error(where, fmt::format("the services wait for each other: {}", problem.text),
                     "take one of them out of the circle");
        break;
    }
  }
}

// Where the names of instances, or of their logs, would be the same: a log writes "@" for ":".
void check_instances(Reader& reader, const RawTable& services, const core::Model& model) {
  const bool may_clash = std::ranges::any_of(model.services, [](const core::Service& service) {
    return service.name.find_first_of(":@") != std::string::npos;
  });
  if (!may_clash) return;
  std::map<std::string, std::string_view> owners;
  for (const core::Service& service : model.services) {
    for (unsigned index = 0; index < service.workers; ++index) {
      std::string name = core::instance_name(service, index);
      std::ranges::replace(name, '@', ':');
      const auto [known, is_new] = owners.emplace(std::move(name), service.name);
      if (is_new || known->second == service.name) continue;
      const RawEntry* entry = services.find_entry(service.name);
      reader.error(entry == nullptr ? Position{} : entry->where,
                   fmt::format("\"{}\" and \"{}\" would have instances of the same name", known->second, service.name),
                   "rename one of them");
      break;
    }
  }
}

}  // namespace

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= core::kMaxServiceName && is_letter_or_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_service_name(std::string_view name) {
  const auto is_part = [](std::string_view part) {
    return !part.empty() && (is_letter_or_digit(part.front()) || part.front() == '_') &&
           std::ranges::all_of(part,
                               [](char c) { return is_letter_or_digit(c) || std::string_view("._-+@").contains(c); });
  };
  if (name.size() > core::kMaxServiceName) return false;
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos) return is_part(name);
  return is_part(name.substr(0, colon)) && is_part(name.substr(colon + 1));
}

core::Service read_service(Reader& reader, std::string_view name, Position where, const RawTable& table,
                           Completeness completeness) {
  core::Service service;
  service.name = name;
  service.directory = reader.base_directory();
  check_service_name(reader, name, where);
  read_table(reader, table, service_keys(), service);
  if (table.find("command") == nullptr && completeness == Completeness::whole) {
    reader.error(where, fmt::format("the service \"{}\" has no command", name),
                 "add command = [\"program\", \"argument\"]");
  }
  if (table.find("ready") == nullptr) service.ready = default_readiness(service.type);
  check_forking(reader, table, where, service);
  check_log_files(reader, table, where, service);
  check_ready_log(reader, table, where, service);
  return service;
}

core::Model read_model(Reader& reader, const RawTable& table, std::string_view default_name,
                       Completeness completeness) {
  core::Model model;
  check_file_keys(reader, table);
  read_name(reader, table, default_name, model);
  const RawTable* services = services_of(reader, table);
  if (services != nullptr) {
    for (const RawEntry& entry : services->entries()) {
      const KeyScope scope(reader, fmt::format("service.{}", entry.key));
      if (const auto* keys = entry.value.as<RawTable>()) {
        model.services.push_back(read_service(reader, entry.key, entry.where, *keys, completeness));
      } else {
        reader.expected("a table of keys", entry.value, "a service begins with [service.NAME]");
      }
    }
  }
  if (services != nullptr && completeness != Completeness::without_some_sections) {
    check_dependencies_of(reader, *services, model);
    check_instances(reader, *services, model);
  }
  if (model.services.empty() && completeness == Completeness::whole && reader.diagnostics().empty()) {
    reader.warning({}, "no service is declared", "a service begins with [service.NAME]");
  }
  return model;
}

}  // namespace foster::config
