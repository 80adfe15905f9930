#include "api/json_codec.hpp"
#include "api/json_writer.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/target.hpp"
#include "config/load.hpp"

namespace foster::cli::commands {
namespace {

void write_json(Context& context, bool is_ok, const config::Diagnostics& findings, const core::Model& model) {
  api::JsonWriter json;
  json.begin_object().key("ok").boolean(is_ok).key("diagnostics").begin_array();
  for (const config::Diagnostic& one : findings) {
    json.begin_object();
    json.key("file").string(one.file);
    json.key("line").number(one.line);
    json.key("column").number(one.column);
    json.key("severity").string(config::to_string(one.severity));
    json.key("key").string_or_null(one.key);
    json.key("message").string(one.message);
    json.key("hint").string_or_null(one.hint);
    json.key("source").string_or_null(one.source);
    json.end_object();
  }
  json.end_array().key("services").begin_array();
  for (const core::Service& service : model.services) json.string(service.name);
  json.end_array().end_object();
  context.out.print("{}\n", json.text());
}

}  // namespace

ExitCode check(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> file;
  options.operand(file, "FILE");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (!file) file = config_in(".");
  if (!file) {
    context.complain("there is no foster.toml in this directory; name the file: foster check FILE");
    return ExitCode::usage;
  }
  const auto loaded = config::load_file(*file);
  const config::Diagnostics& findings = loaded ? loaded->warnings : loaded.error();
  if (context.wants_json) {
    write_json(context, loaded.has_value(), findings, loaded ? loaded->model : core::Model{});
  } else {
    context.err.write(config::render(findings, {.colour = context.has_colour(context.err)}));
    context.err.flush();
    if (loaded) {
      const std::size_t count = loaded->model.services.size();
      context.out.print("{}: OK, {} service{}\n", *file, count, count == 1 ? "" : "s");
    }
  }
  return loaded ? ExitCode::done : ExitCode::bad_config;
}

}  // namespace foster::cli::commands
