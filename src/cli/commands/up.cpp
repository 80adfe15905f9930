#include <algorithm>
#include <filesystem>

#include "api/json_codec.hpp"
#include "cli/attach.hpp"
#include "cli/commands/commands.hpp"
#include "cli/ensure_running.hpp"
#include "cli/launch.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "config/load.hpp"

namespace foster::cli::commands {
namespace {

struct Wishes {
  std::optional<std::string> file;
  bool detach = false;
  bool dry_run = false;
  bool no_wait = false;
};

std::string_view sign_of(std::string_view kind) {
  if (kind == "add") return "+";
  if (kind == "remove") return "-";
  return "~";
}

void show_plan(Context& context, const std::vector<ChangeRow>& changes) {
  bool is_empty = true;
  for (const ChangeRow& change : changes) {
    if (change.kind == "unchanged") continue;
    is_empty = false;
    const char* colon = change.why.empty() ? "" : ": ";
    context.out.print("{} {} ({}){}{}\n", sign_of(change.kind), change.service, change.kind, colon, change.why);
  }
  if (is_empty) context.out.write("nothing to change\n");
  context.out.flush();
}

// A config as people wrote it, or the exit code after everything that is wrong with it was shown.
std::expected<config::Loaded, ExitCode> load_or_complain(Context& context, const Wishes& wishes) {
  const auto file = wishes.file ? wishes.file : config_in(".");
  if (!file) {
    context.complain("there is no foster.toml in this directory; name the file: foster up FILE");
    return std::unexpected(ExitCode::usage);
  }
  auto loaded = config::load_file(*file);
  const config::Diagnostics& findings = loaded ? loaded->warnings : loaded.error();
  context.err.write(config::render(findings, {.colour = context.has_colour(context.err)}));
  context.err.flush();
  if (loaded) return std::move(*loaded);
  context.complain("{} is not valid; nothing was changed", *file);
  return std::unexpected(ExitCode::bad_config);
}

// The plan where nothing runs yet: all of it.
ExitCode show_first_plan(Context& context, const core::Model& model) {
  api::Applied applied;
  for (const core::Service& service : model.services) {
    applied.changes.push_back({core::ServiceChange::Kind::add, service.name, ""});
  }
  const std::string json = api::encode(applied);
  context.wants_json ? context.out.print("{}\n", json) : show_plan(context, read_changed(json)->changes);
  return ExitCode::done;
}

// One name, two configs: applying the second would take away all services of the first.
std::optional<ExitCode> refuse_other_config(Context& context, const Target& target, const std::string& path) {
  const auto reply = Client(target.directories).get("/v1/info");
  const auto info = reply ? read_info(reply->body) : std::nullopt;
  if (!info || info->config.empty() || info->config == path) return std::nullopt;
  std::error_code error;
  if (std::filesystem::equivalent(info->config, path, error)) return std::nullopt;
  if (!std::filesystem::exists(info->config, error)) return std::nullopt;  // it has moved
  context.complain("the name {} is taken: a foster of that name runs {}; give this one another with --name",
                   target.name, info->config);
  return ExitCode::failed;
}

// "4 of 5 ready"; nothing where nobody waited.
void show_count(Context& context, const std::vector<OutcomeRow>& outcomes) {
  if (outcomes.empty()) return;
  const auto ready = std::ranges::count_if(outcomes, &OutcomeRow::is_ok);
  context.out.print("{} of {} ready\n", ready, outcomes.size());
}

ExitCode report(Context& context, const Wishes& wishes, const Reply& reply, bool was_running) {
  const auto changed = read_changed(reply.body);
  if (!changed) return complain_about(context, reply);
  if (context.wants_json) {
    context.out.print("{}\n", reply.body);
  } else if (was_running || wishes.dry_run) {
    show_plan(context, changed->changes);
  }
  if (!context.wants_json && !wishes.dry_run) show_count(context, changed->outcomes);
  return complain_about(context, changed->outcomes, "did not become ready");
}

// One that nobody answered for may have been between two processes, and have services.
bool is_empty(const Target& target) {
  const Client client(target.directories);
  const auto info = client.get("/v1/info");
  const auto services = client.get("/v1/services");
  const auto found = info ? read_info(info->body) : std::nullopt;
  const auto rows = services ? read_rows(services->body) : std::nullopt;
  return found && found->config.empty() && rows && rows->empty();
}

ExitCode apply(Context& context, const Wishes& wishes, const Target& target, const std::string& path,
               bool was_running) {
  const api::ApplyRequest request{
      .config = path, .dry_run = wishes.dry_run, .wait = !wishes.no_wait && !wishes.dry_run};
  const auto reply =
      ask_with_progress(context, target, {.method = "POST", .target = "/v1/apply", .body = api::encode(request)},
                        Repeat::freely, wishes.dry_run ? Progress::silent : Progress::always);
  if (reply) return report(context, wishes, *reply, was_running);
  // What was started for a config that is refused after all does not stay behind.
  if (!was_running && is_empty(target)) {
    (void)Client(target.directories).ask({.method = "POST", .target = "/v1/shutdown"});
  }
  return reply.error();
}

ExitCode start_in_foreground(Context& context, Target target, config::Loaded loaded) {
  auto launched = launch({.name = target.name, .directories = target.directories, .parent = LaunchOptions::Parent::us});
  if (!launched || !*launched) {
    context.complain("{}", to_string(launched.error()));
    return ExitCode::failed;
  }
  return attach(context, {.target = std::move(target),
                          .config = std::move(loaded.path),
                          .model = std::move(loaded.model),
                          .reaper = std::move(**launched)});
}

}  // namespace

ExitCode up(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  Wishes wishes;
  options.operand(wishes.file, "FILE");
  options.flag("-d,--detach", wishes.detach, "In the background; return when all are ready");
  options.flag("--dry-run", wishes.dry_run, "Show what would change, and change nothing");
  options.flag("--no-wait", wishes.no_wait, "With -d: return at once");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  auto loaded = load_or_complain(context, wishes);
  if (!loaded) return loaded.error();
  auto target = target_or_complain(context, loaded->path);
  if (!target) return target.error();
  const bool was_running = is_running(*target);
  if (was_running) {
    if (const auto code = refuse_other_config(context, *target, loaded->path)) return *code;
  } else if (wishes.dry_run) {
    return show_first_plan(context, loaded->model);
  } else if (!wishes.detach) {
    return start_in_foreground(context, std::move(*target), std::move(*loaded));
  } else if (const auto code = ensure_running(context, *target)) {
    return *code;
  }
  if (was_running && !wishes.detach && !wishes.dry_run) {
    context.complain("{} is running already; what has changed is applied, its output is in: foster logs -f",
                     target->name);
  }
  return apply(context, wishes, *target, loaded->path, was_running);
}

}  // namespace foster::cli::commands
