#include "cli/process_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "cli/process_query.hpp"
#include "cli/render.hpp"
#include "insight/capabilities.hpp"
#include "sys/credentials.hpp"

namespace foster::cli {
namespace {

using insight::Outcome;
using insight::Prediction;

constexpr std::string_view kUnseen = "not for us to see";

// The few limits that people run into.
constexpr std::array<std::string_view, 4> kShownLimits{"Max open files", "Max processes", "Max core file size",
                                                       "Max locked memory"};

struct Question {
  std::string_view key;
  std::string_view words;
  const Prediction& answer;
};

std::array<Question, 5> questions(const insight::Predictions& predictions) {
  return {Question{"parent_dies", "its parent dies (kill -9)", predictions.parent_dies},
          Question{"terminal_closes", "the terminal closes", predictions.terminal_closes},
          Question{"ctrl_c", "Ctrl-C is pressed", predictions.ctrl_c},
          Question{"logout", "the user logs out", predictions.logout},
          Question{"main_thread_exits", "its main thread exits", predictions.main_thread_exits}};
}

Colour colour_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::dies:
      return Colour::red;
    case Outcome::survives:
    case Outcome::unaffected:
      return Colour::green;
    case Outcome::stops:
    case Outcome::unknown:
      break;
  }
  return Colour::yellow;
}

std::string user_text(std::uint32_t uid) {
  const auto user = sys::find_user(uid);
  return user && !user->name.empty() ? fmt::format("{} ({})", user->name, uid) : std::to_string(uid);
}

/// "-" for none.
std::string joined(const std::vector<std::string>& words) {
  return words.empty() ? "-" : fmt::format("{}", fmt::join(words, " "));
}

class PageWriter {
 public:
  PageWriter(const ProcessPage& page, PageColours colours) : page_(page), has_colour_(colours == PageColours::on) {}

  std::string write() {
    write_identity();
    write_job_control();
    write_files();
    write_signals();
    write_limits();
    write_predictions();
    return std::move(text_);
  }

 private:
  void title(std::string_view words) {
    text_ += fmt::format("\n{}\n", has_colour_ ? coloured(words, Colour::bold) : std::string(words));
  }
  void line(std::string_view name, std::string_view value) {
    text_ += fmt::format("  {:<13}{}\n", name, printable(value));
  }

  void write_identity() {
    const Process& process = page_.process;
    const auto found = page_.view.classify(process);
    const std::string headline = fmt::format("{} is {}: {}", insight::called(process),
                                             with_article(page_.view.kind_word(process, found)), found.reason);
    text_ += (has_colour_ ? coloured(printable(headline), Colour::bold) : printable(headline)) + "\n";
    line("command", command_line(process));
    line("program", page_.facts.program.value_or(std::string(kUnseen)));
    if (const insight::Service* service = page_.view.service_of(process)) {
      line("service", fmt::format("{} of foster {}", service->instance, service->foster));
    }
    if (const auto& status = page_.facts.status) {
      line("user", status->uid.real == status->uid.effective
                       ? user_text(status->uid.real)
                       : user_text(status->uid.real) + ", acting as " + user_text(status->uid.effective));
    }
    line("state",
         fmt::format("{}, {} thread{}", to_string(process.state), process.threads, process.threads == 1 ? "" : "s"));
    line("uses", fmt::format("{} resident, {} of processor time", size_text(process.resident_bytes),
                             cpu_text(std::chrono::duration<double>(process.cpu_time).count())));
    line("ancestry", ancestry());
    if (found.adoption) {
      line("adopted by", fmt::format("{} ({}): {}", found.adoption->by.number(),
                                     found.adoption->certainty == Certainty::certain ? "certain" : "likely",
                                     found.adoption->because));
    }
  }

  static std::string with_article(std::string_view kind) {
    if (kind == "init") return "init";
    if (kind == "kernel") return "a kernel thread";
    if (kind == "foreground" || kind == "background") return fmt::format("in the {}", kind);
    return fmt::format("{} {}", kind == "orphan" ? "an" : "a", kind);
  }

  std::string ancestry() const {
    std::string text = insight::called(page_.process);
    const auto& table = page_.view.table();
    const Process* at = table.parent_of(page_.process);
    for (int depth = 0; at != nullptr && depth < 64; at = table.parent_of(*at), ++depth) {
      text += " ← " + insight::called(*at);
    }
    return text;
  }

  void write_job_control() {
    const Process& process = page_.process;
    title("Session and job control");
    const auto number = [](const auto& id) { return id ? std::to_string(id->number()) : std::string("none"); };
    const Process* leader = page_.view.table().session_leader_of(process);
    line("session", number(process.session) + (process.is_session_leader() ? ", which it leads"
                                               : leader != nullptr         ? ", led by " + insight::called(*leader)
                                               : process.session           ? ", whose leader has ended"
                                                                           : ""));
    line("group", number(process.group) + (process.is_group_leader() ? ", which it leads" : ""));
    if (process.terminal) {
      line("terminal",
           fmt::format("{}, foreground group {}", process.terminal->name(), number(process.foreground_group)));
    } else {
      line("terminal", process.is_session_leader() ? "none; as a leader it could get one by opening it" : "none");
    }
  }

  void write_files() {
    const auto& facts = page_.facts;
    title("Files");
    for (const auto& [number, name] : {std::pair(0, "stdin"), std::pair(1, "stdout"), std::pair(2, "stderr")}) {
      const std::string* target = facts.descriptor(number);
      line(name, !facts.descriptors  ? kUnseen
                 : target == nullptr ? std::string_view("closed")
                                     : std::string_view(*target));
    }
    if (facts.descriptors) line("open", fmt::format("{} descriptors", facts.descriptors->size()));
    for (const auto& socket : facts.sockets) line(fmt::format("socket {}", socket.descriptor), socket.text);
    for (const auto& pidfile : facts.pidfiles) {
      line("pidfile", pidfile.path + (pidfile.is_locked ? ", locked" : ", not locked"));
    }
    line("directory", facts.directory.value_or(std::string(kUnseen)));
    if (facts.root && *facts.root != "/") line("root", *facts.root);
    if (facts.status && facts.status->umask) line("umask", fmt::format("{:04o}", *facts.status->umask));
  }

  void write_signals() {
    const auto& status = page_.facts.status;
    if (!status) return;
    title("Signals");
    line("blocked", joined(insight::names_of(status->blocked)));
    line("ignored", joined(insight::names_of(status->ignored)));
    line("caught", joined(insight::names_of(status->caught)));
    const auto pending = status->pending | status->shared_pending;
    if (pending != 0) line("pending", joined(insight::names_of(pending)));
  }

  void write_limits() {
    const auto& facts = page_.facts;
    title("Limits and confinement");
    for (const auto& limit : facts.limits) {
      if (std::ranges::find(kShownLimits, limit.name) == kShownLimits.end()) continue;
      text_ += fmt::format("  {:<20} {} (hard {})\n", limit.name.substr(4), limit.soft, limit.hard);
    }
    line("cgroup", facts.cgroup.value_or("none"));
    std::vector<std::string> namespaces;
    for (const auto& [kind, link] : facts.namespaces) namespaces.push_back(link);
    line("namespaces", namespaces.empty() ? std::string(kUnseen) : joined(namespaces));
    if (facts.status) {
      line("capabilities", insight::has_all_capabilities(facts.status->effective_capabilities)
                               ? std::string("all")
                               : joined(facts.capabilities));
    }
  }

  void write_predictions() {
    title("What happens to it when");
    for (const Question& question : questions(page_.predictions)) {
      const std::string outcome(insight::to_string(question.answer.outcome));
      text_ += fmt::format("  {:<27}{}\n    {}\n", std::string(question.words) + ":",
                           has_colour_ ? coloured(outcome, colour_of(question.answer.outcome)) : outcome,
                           printable(question.answer.because));
    }
  }

  const ProcessPage& page_;
  bool has_colour_;
  std::string text_;
};

void write_names(api::JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
}

void write_facts(api::JsonWriter& json, const insight::Facts& facts) {
  json.key("program").string_or_null(facts.program.value_or(""));
  json.key("directory").string_or_null(facts.directory.value_or(""));
  json.key("cgroup").string_or_null(facts.cgroup.value_or(""));
  json.key("umask");
  facts.status&& facts.status->umask ? json.string(fmt::format("{:04o}", *facts.status->umask)) : json.null();
  json.key("descriptors");
  if (facts.descriptors) {
    json.begin_array();
    for (const auto& link : *facts.descriptors) {
      json.begin_object().key("fd").number(link.number).key("target").string(link.target).end_object();
    }
    json.end_array();
  } else {
    json.null();
  }
  json.key("sockets").begin_array();
  for (const auto& socket : facts.sockets) {
    json.begin_object().key("fd").number(socket.descriptor).key("socket").string(socket.text).end_object();
  }
  json.end_array().key("pidfiles").begin_array();
  for (const auto& pidfile : facts.pidfiles) {
    json.begin_object().key("path").string(pidfile.path).key("locked").boolean(pidfile.is_locked).end_object();
  }
  json.end_array().key("namespaces").begin_object();
  for (const auto& [kind, link] : facts.namespaces) json.key(kind).string(link);
  json.end_object().key("limits").begin_array();
  for (const auto& limit : facts.limits) {
    json.begin_object().key("name").string(limit.name).key("soft").string(limit.soft);
    json.key("hard").string(limit.hard).end_object();
  }
  json.end_array().key("signals");
  if (facts.status) {
    json.begin_object();
    write_names(json, "blocked", insight::names_of(facts.status->blocked));
    write_names(json, "ignored", insight::names_of(facts.status->ignored));
    write_names(json, "caught", insight::names_of(facts.status->caught));
    json.end_object();
    write_names(json, "capabilities", facts.capabilities);
  } else {
    json.null();
  }
}

}  // namespace

std::string page_text(const ProcessPage& page, PageColours colours) {
  return PageWriter(page, colours).write();
}

std::string page_json(const ProcessPage& page) {
  api::JsonWriter json;
  json.begin_object();
  write_process(json, page.view, page.process);
  json.key("reason").string(page.view.classify(page.process).reason);
  json.key("uid");
  page.facts.status ? json.number(page.facts.status->uid.real) : json.null();
  json.key("euid");
  page.process.user ? json.number(*page.process.user) : json.null();
  json.key("threads").number(page.process.threads);
  json.key("memory").number(page.process.resident_bytes);
  json.key("when").begin_object();
  for (const Question& question : questions(page.predictions)) {
    json.key(question.key).begin_object();
    json.key("outcome").string(insight::to_string(question.answer.outcome));
    json.key("because").string(question.answer.because).end_object();
  }
  json.end_object();
  write_facts(json, page.facts);
  return json.end_object().take();
}

}  // namespace foster::cli
