#include "cli/change_printer.hpp"

#include "api/json_writer.hpp"
#include "api/timestamp.hpp"
#include "cli/render.hpp"

namespace foster::cli {
namespace {

constexpr std::string_view kGap = "events were lost; what has changed since is told from a look at all processes";

Colour colour_of(insight::ChangeKind kind) {
  switch (kind) {
    case insight::ChangeKind::fork:
      return Colour::green;
    case insight::ChangeKind::exit:
    case insight::ChangeKind::coredump:
      return Colour::red;
    case insight::ChangeKind::adoption:
    case insight::ChangeKind::session:
    case insight::ChangeKind::user:
      return Colour::yellow;
    case insight::ChangeKind::group:
    case insight::ChangeKind::exec:
    case insight::ChangeKind::name:
      break;
  }
  return Colour::none;
}

void print_text(Context& context, std::string_view word, Colour colour, std::string_view text,
                std::chrono::system_clock::time_point time) {
  const std::string kind = fmt::format("{:<9}", word);
  context.out.print("{}  {}{}\n", clock_text(time), context.has_colour(context.out) ? coloured(kind, colour) : kind,
                    printable(text));
}

void write_number(api::JsonWriter& json, std::string_view key, const auto& id) {
  json.key(key);
  id ? json.number(id->number()) : json.null();
}

void write_status(api::JsonWriter& json, const std::optional<ExitStatus>& status) {
  json.key("exit");
  const auto* exited = status ? std::get_if<Exited>(&*status) : nullptr;
  const auto* killed = status ? std::get_if<Killed>(&*status) : nullptr;
  if (exited != nullptr) {
    json.begin_object().key("code").number(exited->code).end_object();
  } else if (killed != nullptr) {
    json.begin_object().key("signal").string("SIG" + killed->signal.name()).end_object();
  } else {
    json.null();
  }
}

}  // namespace

void print_change(Context& context, const insight::Change& change, std::chrono::system_clock::time_point time) {
  const std::string_view word = insight::to_string(change.kind);
  if (!context.wants_json) {
    print_text(context, word, colour_of(change.kind), change.text, time);
    return;
  }
  const Process& process = change.process;
  api::JsonWriter json;
  json.begin_object().key("time").string(api::to_rfc3339(time));
  json.key("event").string(word).key("pid").number(process.pid.number());
  write_number(json, "ppid", process.parent);
  write_number(json, "pgid", process.group);
  write_number(json, "sid", process.session);
  json.key("command").string(command_line(process)).key("text").string(change.text);
  write_status(json, change.status);
  context.out.print("{}\n", json.end_object().text());
}

void print_gap(Context& context, std::chrono::system_clock::time_point time) {
  if (!context.wants_json) {
    print_text(context, "lost", Colour::red, kGap, time);
    return;
  }
  api::JsonWriter json;
  json.begin_object().key("time").string(api::to_rfc3339(time)).key("event").string("lost");
  for (const std::string_view key : {"pid", "ppid", "pgid", "sid", "command"}) json.key(key).null();
  json.key("text").string(kGap).key("exit").null();
  context.out.print("{}\n", json.end_object().text());
}

}  // namespace foster::cli
