#include <algorithm>
#include <array>
#include <utility>

#include "api/json_writer.hpp"
#include "cli/commands/commands.hpp"
#include "cli/explain/topics.hpp"
#include "cli/options.hpp"
#include "cli/render.hpp"
#include "config/suggest.hpp"

namespace foster::cli::commands {
namespace {

enum class Wanted : bool { text_only, demonstration };

void list_topics(Context& context) {
  if (context.wants_json) {
    api::JsonWriter json;
    json.begin_object().key("topics").begin_array();
    for (const Topic& topic : topics()) {
      json.begin_object().key("topic").string(topic.name).key("summary").string(topic.summary).end_object();
    }
    context.out.print("{}\n", json.end_array().end_object().text());
    return;
  }
  for (const Topic& topic : topics()) context.out.print("  {:<15}{}\n", topic.name, topic.summary);
  context.out.write("\nfoster explain TOPIC tells and shows it; with --step it waits for Enter after each scene.\n");
}

std::optional<Topic> topic_or_complain(Context& context, std::string_view name) {
  const auto all = topics();
  const auto found = std::ranges::find(all, name, &Topic::name);
  if (found != all.end()) return *found;
  std::vector<std::string_view> names;
  for (const Topic& topic : all) names.push_back(topic.name);
  const auto near = config::nearest(name, names);
  near ? context.complain("there is nothing about {}; did you mean {}?", name, *near)
       : context.complain("there is nothing about {}; see: foster explain", name);
  return std::nullopt;
}

void write_json(Context& context, const Topic& topic, const Demonstration* play) {
  api::JsonWriter json;
  json.begin_object().key("topic").string(topic.name).key("summary").string(topic.summary);
  json.key("text").string(topic.text).key("scenes");
  play != nullptr ? json.plain(play->json()) : json.null();
  json.key("ok");
  play != nullptr ? json.boolean(play->is_true()) : json.null();
  context.out.print("{}\n", json.end_object().text());
}

ExitCode play_topic(Context& context, const Topic& topic, Pace pace) {
  auto interruption = Interruption::open();
  if (!interruption) {
    context.complain("cannot demonstrate: {}", to_string(interruption.error()));
    return ExitCode::failed;
  }
  Stage stage(*interruption);
  Demonstration play(context, stage, pace);
  topic.demonstrate(play);
  stage.clear();
  context.out.flush();
  if (const auto signal = stage.interrupted_by()) Interruption::act(*signal);
  if (const auto& problem = stage.problem()) {
    context.complain("cannot demonstrate {}: {}", topic.name, to_string(*problem));
    return ExitCode::failed;
  }
  if (context.wants_json) {
    write_json(context, topic, &play);
  } else {
    context.out.print("\n{}\n", play.is_true()
                                    ? "Everybody who took part has been ended."
                                    : "Everybody who took part has been ended. Not all was as it should be: ✗");
  }
  return play.is_true() ? ExitCode::done : ExitCode::failed;
}

}  // namespace

ExitCode explain(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> name;
  bool is_text_only = false;
  bool is_stepped = false;
  options.operand(name, "TOPIC");
  options.flag("--no-demo", is_text_only, "Only the text: start nothing");
  options.flag("--step", is_stepped, "Wait for Enter after each scene, to look around meanwhile");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (!name) {
    list_topics(context);
    return ExitCode::done;
  }
  const auto topic = topic_or_complain(context, *name);
  if (!topic) return ExitCode::no_such_service;
  if (!context.wants_json) {
    const bool has_colour = context.has_colour(context.out);
    context.out.print("{}\n\n", has_colour ? coloured(topic->name, Colour::bold) : std::string(topic->name));
    context.out.print("{}\n", topic->text);
    context.out.flush();
  }
  if (!is_text_only) return play_topic(context, *topic, is_stepped ? Pace::step_by_step : Pace::through);
  if (context.wants_json) write_json(context, *topic, nullptr);
  return ExitCode::done;
}

}  // namespace foster::cli::commands
