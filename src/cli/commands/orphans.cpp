#include <algorithm>
#include <map>
#include <utility>

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/process_query.hpp"
#include "cli/render.hpp"

namespace foster::cli::commands {
namespace {

struct Orphan {
  const Process* process;
  Adoption adoption;
  std::string_view kind;
};

/// Those of services count whatever their kind: that a service leaves processes behind is worth knowing.
std::vector<Orphan> find_orphans(const insight::View& view, bool with_daemons) {
  std::vector<Orphan> orphans;
  for (const Process& process : view.table().processes()) {
    const auto found = view.classify(process);
    if (!found.adoption || found.kind == ProcessKind::zombie) continue;
    const bool is_meant = found.kind == ProcessKind::orphan || with_daemons ||
                          (view.service_of(process) != nullptr && !process.is_session_leader());
    if (is_meant) orphans.push_back({&process, *found.adoption, view.kind_word(process, found)});
  }
  std::ranges::stable_sort(orphans, {}, [](const Orphan& orphan) { return orphan.adoption.by; });
  return orphans;
}

void write_json(Context& context, const insight::View& view, const std::vector<Orphan>& orphans) {
  api::JsonWriter json;
  json.begin_object().key("orphans").begin_array();
  for (const Orphan& orphan : orphans) {
    json.begin_object();
    write_process(json, view, *orphan.process);
    json.key("certainty").string(orphan.adoption.certainty == Certainty::certain ? "certain" : "likely");
    json.key("because").string(orphan.adoption.because);
    json.key("seconds_at_most").number(std::chrono::floor<std::chrono::seconds>(age_of(*orphan.process)).count());
    json.end_object();
  }
  json.end_array().end_object();
  context.out.print("{}\n", json.text());
}

std::string adopter_text(const insight::View& view, Pid pid) {
  if (pid == Pid(1)) return "init";
  const Process* adopter = view.table().find(pid);
  return adopter != nullptr ? insight::called(*adopter) : std::to_string(pid.number());
}

void show_text(Context& context, const insight::View& view, const std::vector<Orphan>& orphans) {
  if (orphans.empty()) {
    context.out.write("no orphans\n");
    return;
  }
  Table table(
      {{"PID", Table::Align::right}, {"ADOPTED BY"}, {"KIND"}, {"AGE"}, {"TERMINAL"}, {"SERVICE"}, {"COMMAND"}});
  for (const Orphan& orphan : orphans) {
    const Process& process = *orphan.process;
    const insight::Service* service = view.service_of(process);
    table.add({{.text = std::to_string(process.pid.number())},
               {.text = adopter_text(view, orphan.adoption.by)},
               {.text = std::string(orphan.kind)},
               {.text = age_text(age_of(process))},
               {.text = process.terminal ? process.terminal->name() : "-"},
               {.text = service != nullptr ? service->instance : "-"},
               {.text = command_line(process)}});
  }
  const bool is_terminal = context.out.is_terminal();
  context.out.write(table.render({.has_colour = context.has_colour(context.out),
                                  .width = is_terminal ? terminal_width(STDOUT_FILENO) : std::nullopt}));
  context.out.write(
      "AGE counts from the birth: when the parent ended nobody keeps.\n"
      "What one is and what it will do: foster inspect PID. End one with: kill PID\n");
}

}  // namespace

ExitCode orphans(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  bool all = false;
  options.flag("-a,--all", all, "Also daemons, who left their parents on purpose");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  const auto view = look_or_complain(context);
  if (!view) return view.error();
  const auto found = find_orphans(*view, all);
  context.wants_json ? write_json(context, *view, found) : show_text(context, *view, found);
  return ExitCode::done;
}

}  // namespace foster::cli::commands
