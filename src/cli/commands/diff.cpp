#include <algorithm>

#include "api/json_codec.hpp"
#include "api/json_writer.hpp"
#include "cli/commands/commands.hpp"
#include "cli/ensure_running.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "config/key_changes.hpp"
#include "config/load.hpp"
#include "sys/files.hpp"

namespace foster::cli::commands {
namespace {

constexpr std::size_t kMaxApplied = 64 << 20;

struct Difference {
  ChangeRow change;
  std::vector<config::KeyChange> keys;
};

const core::Service* find(const core::Model& model, const std::string& name) {
  const auto found = std::ranges::find(model.services, name, &core::Service::name);
  return found == model.services.end() ? nullptr : &*found;
}

// What is in force, as it is stored. Where it cannot be read, changes are told without their keys.
core::Model applied_model(const Target& target) {
  const std::string path = target.directories.applied_config();
  const auto text = sys::read_file(path, kMaxApplied);
  if (!text) return {};
  auto model = config::load_text(*text, path, "/", target.name);
  return model ? std::move(*model) : core::Model{};
}

// What the running foster would do: it reads the file with its own environment.
std::expected<std::vector<ChangeRow>, ExitCode> ask_for_plan(Context& context, const Target& target,
                                                             const std::string& path) {
  const api::ApplyRequest request{.config = path, .dry_run = true, .wait = false};
  const auto reply =
      ask_or_complain(context, target, {.method = "POST", .target = "/v1/apply", .body = api::encode(request)});
  if (!reply) return std::unexpected(reply.error());
  auto changed = read_changed(reply->body);
  if (!changed) return std::unexpected(complain_about(context, *reply));
  return std::move(changed->changes);
}

std::vector<Difference> differences_of(const std::vector<ChangeRow>& changes, const core::Model& applied,
                                       const core::Model& wanted) {
  std::vector<Difference> differences;
  for (const ChangeRow& change : changes) {
    if (change.kind == "unchanged") continue;
    Difference& difference = differences.emplace_back(Difference{.change = change, .keys = {}});
    const core::Service* before = find(applied, change.service);
    const core::Service* after = find(wanted, change.service);
    if (before != nullptr && after != nullptr) difference.keys = config::changed_keys(*before, *after);
  }
  return differences;
}

std::string_view sign_of(std::string_view kind) {
  return kind == "add" ? "+" : kind == "remove" ? "-" : "~";
}

void show(Context& context, const std::vector<Difference>& differences) {
  if (differences.empty()) context.out.write("nothing to change\n");
  for (const auto& [change, keys] : differences) {
    const char* colon = change.why.empty() ? "" : ": ";
    context.out.print("{} {} ({}){}{}\n", sign_of(change.kind), change.service, change.kind, colon, change.why);
    for (const config::KeyChange& key : keys) {
      if (!key.from.empty()) context.out.print("    - {} = {}\n", key.key, key.from);
      if (!key.to.empty()) context.out.print("    + {} = {}\n", key.key, key.to);
    }
  }
}

void show_json(Context& context, const std::vector<Difference>& differences) {
  api::JsonWriter json;
  json.begin_object().key("changes").begin_array();
  for (const auto& [change, keys] : differences) {
    json.begin_object();
    json.key("kind").string(change.kind);
    json.key("service").string(change.service);
    json.key("why").string(change.why);
    json.key("keys").begin_array();
    for (const config::KeyChange& key : keys) {
      json.begin_object();
      json.key("key").string(key.key);
      json.key("from").string_or_null(key.from);
      json.key("to").string_or_null(key.to);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  context.out.print("{}\n", json.text());
}

}  // namespace

ExitCode diff(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> file;
  bool tells_by_code = false;
  options.operand(file, "FILE");
  options.flag("--exit-code", tells_by_code, "Exit with 1 if anything would change");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (!file) file = config_in(".");
  if (!file) {
    context.complain("there is no foster.toml in this directory; name the file: foster diff FILE");
    return ExitCode::usage;
  }
  const auto loaded = config::load_file(*file);
  if (!loaded) {
    context.err.write(config::render(loaded.error(), {.colour = context.has_colour(context.err)}));
    return ExitCode::bad_config;
  }
  const auto target = target_or_complain(context, loaded->path);
  if (!target) return target.error();
  std::vector<ChangeRow> changes;
  core::Model applied;
  if (is_running(*target)) {
    auto plan = ask_for_plan(context, *target, loaded->path);
    if (!plan) return plan.error();
    changes = std::move(*plan);
    applied = applied_model(*target);
  } else {
    for (const core::Service& service : loaded->model.services) changes.push_back({"add", service.name, ""});
  }
  const auto differences = differences_of(changes, applied, loaded->model);
  context.wants_json ? show_json(context, differences) : show(context, differences);
  return tells_by_code && !differences.empty() ? ExitCode::failed : ExitCode::done;
}

}  // namespace foster::cli::commands
