#include "cli/process_query.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "sys/clock.hpp"

namespace foster::cli {
namespace {

std::optional<Pid> pid_of(std::string_view word) {
  pid_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size() || number <= 0) return std::nullopt;
  return Pid(number);
}

struct ServiceQuery {
  std::string_view word;
  const std::optional<std::string>& foster;  ///< Empty: any.
};

/// "web" means "web:0", too.
bool is_of_service(const insight::Service* service, const ServiceQuery& query) {
  if (service == nullptr || (query.foster && *query.foster != service->foster)) return false;
  const std::string_view instance = service->instance;
  return instance == query.word || instance.substr(0, instance.find(':')) == query.word;
}

std::vector<const Process*> find_by_service(const insight::View& view, const ServiceQuery& query) {
  std::vector<const Process*> found;
  for (const Process& process : view.table().processes()) {
    if (!is_of_service(view.service_of(process), query)) continue;
    const Process* parent = view.table().parent_of(process);
    if (parent == nullptr || !is_of_service(view.service_of(*parent), query)) found.push_back(&process);
  }
  return found;
}

}  // namespace

std::expected<insight::View, ExitCode> look_or_complain(Context& context, const TableDetail& detail) {
  auto view = insight::look(detail);
  if (view) return std::move(*view);
  context.complain("cannot look at the processes: {}", to_string(view.error()));
  return std::unexpected(ExitCode::failed);
}

std::vector<const Process*> find_processes(const insight::View& view, std::string_view word,
                                           const std::optional<std::string>& foster) {
  if (const auto pid = pid_of(word)) {
    const Process* process = view.table().find(*pid);
    if (process == nullptr) return {};
    return {process};
  }
  if (auto of_service = find_by_service(view, {word, foster}); !of_service.empty()) return of_service;
  std::vector<const Process*> found;
  for (const Process& process : view.table().processes()) {
    if (process.name == word) found.push_back(&process);
  }
  return found;
}

std::optional<std::string> foster_meant(const Context& context) {
  if (context.name) return context.name;
  const char* name = std::getenv("FOSTER_NAME");
  return name != nullptr && *name != '\0' ? std::optional<std::string>(name) : std::nullopt;
}

std::expected<const Process*, ExitCode> process_or_complain(Context& context, const insight::View& view,
                                                            std::string_view word) {
  const auto found = find_processes(view, word, foster_meant(context));
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    pid_of(word) ? context.complain("there is no process {}", word)
                 : context.complain("no service and no program is called {}", word);
    return std::unexpected(ExitCode::no_such_service);
  }
  std::string pids;
  for (const Process* process : found) pids += fmt::format(" {}", process->pid.number());
  context.complain("{} processes are called {}; say which:{}", found.size(), word, pids);
  return std::unexpected(ExitCode::usage);
}

std::chrono::nanoseconds age_of(const Process& process) {
  return std::max(sys::boottime_now() - process.started, std::chrono::nanoseconds::zero());
}

void write_process(api::JsonWriter& json, const insight::View& view, const Process& process) {
  const auto found = view.classify(process);
  const auto number = [&json](std::string_view key, const auto& id) {
    json.key(key);
    id ? json.number(id->number()) : json.null();
  };
  json.key("pid").number(process.pid.number());
  number("ppid", process.parent);
  number("pgid", process.group);
  number("sid", process.session);
  json.key("tty").string_or_null(process.terminal ? process.terminal->name() : std::string());
  json.key("state").string(to_string(process.state));
  json.key("kind").string(view.kind_word(process, found));
  json.key("command").string(command_line(process));
  json.key("name").string(process.name);
  const insight::Service* service = view.service_of(process);
  json.key("service").string_or_null(service != nullptr ? service->instance : std::string());
  json.key("foster").string_or_null(service != nullptr ? service->foster : std::string());
  json.key("adopted_by");
  found.adoption ? json.number(found.adoption->by.number()) : json.null();
}

}  // namespace foster::cli
