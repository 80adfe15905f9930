#include "cli/explain/demonstration.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "cli/process_query.hpp"
#include "cli/process_tree.hpp"
#include "cli/render.hpp"
#include "insight/facts.hpp"
#include "insight/zombies.hpp"
#include "sys/clock.hpp"

namespace foster::cli {
namespace {

using namespace std::chrono_literals;

// What a claim speaks of may need a moment on a busy machine.
constexpr std::chrono::nanoseconds kPatience = 20s;
constexpr int kLookMilliseconds = 5;
constexpr std::string_view kIndent = "    ";
constexpr std::size_t kRemarkWidth = 75;

std::vector<bool> held(const std::vector<Claim>& claims, const insight::View& view) {
  std::vector<bool> found;
  for (const Claim& claim : claims) found.push_back(claim.holds(view));
  return found;
}

bool all_of(const std::vector<bool>& values) {
  return std::ranges::all_of(values, [](bool value) { return value; });
}

std::string indented(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines += fmt::format("{}{}\n", kIndent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// In lines that fit beside the indent; what follows the first stands a little deeper.
std::string wrapped(std::string_view text) {
  std::string lines;
  std::size_t width = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_first = lines.empty();
    if (!is_first && width + 1 + display_width(word) > kRemarkWidth) {
      lines += "\n  ";
      width = 2;
    } else if (!is_first) {
      lines += ' ';
      ++width;
    }
    lines += word;
    width += display_width(word);
  }
  return lines;
}

std::vector<insight::Finding> findings_of(const Process& process, const insight::View& view) {
  return insight::lint(process, view, insight::read_facts(process), insight::read_circumstances(process));
}

std::string number_of(const auto& id) {
  return id ? std::to_string(id->number()) : std::string("-");
}

}  // namespace

void Demonstration::show(std::string_view says, const std::vector<Claim>& claims) {
  play(says, claims, Shape::tree);
}

void Demonstration::show_in_numbers(std::string_view says, const std::vector<Claim>& claims) {
  play(says, claims, Shape::table);
}

void Demonstration::play(std::string_view says, const std::vector<Claim>& claims, Shape shape) {
  const auto deadline = sys::monotonic_now() + kPatience;
  while (stage_.is_going_on()) {
    const auto view = insight::look();
    if (!view) return;
    const auto found = held(claims, *view);
    const bool is_true = all_of(found);
    if (is_true || sys::monotonic_now() >= deadline) {
      is_true_ = is_true_ && is_true;
      context_.wants_json ? write_json(*view, says, found, claims) : write_text(*view, says, found, claims, shape);
      remarks_.clear();
      return wait_for_reader();
    }
    (void)::poll(nullptr, 0, kLookMilliseconds);
  }
}

void Demonstration::write_text(const insight::View& view, std::string_view says, const std::vector<bool>& held,
                               const std::vector<Claim>& claims, Shape shape) {
  const bool has_colour = context_.has_colour(context_.out);
  context_.out.print("\n{}\n", has_colour ? coloured(says, Colour::bold) : std::string(says));
  shape == Shape::tree ? write_tree(view) : write_table(view);
  for (const std::string& remark : remarks_) context_.out.write(indented(wrapped(printable(remark))));
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const std::string mark = held[i] ? "✓" : "✗";
    context_.out.print("  {} {}\n", has_colour ? coloured(mark, held[i] ? Colour::green : Colour::red) : mark,
                       printable(claims[i].text));
  }
  context_.out.flush();
}

void Demonstration::write_tree(const insight::View& view) {
  const Process* guard = stage_.guard() ? view.table().find(*stage_.guard()) : nullptr;
  if (guard == nullptr) return;
  const TreeStyle style{.has_colour = context_.has_colour(context_.out), .folding = Folding::none};
  context_.out.write(indented(tree_text(view, {guard}, style)));
}

void Demonstration::write_table(const insight::View& view) {
  Table table({{"NAME"},
               {"PID", Table::Align::right},
               {"PARENT", Table::Align::right},
               {"GROUP", Table::Align::right},
               {"SESSION", Table::Align::right},
               {"TERMINAL"},
               {"IS"}});
  for (const std::string& role : stage_.roles()) {
    const Process* process = find(view, role);
    if (process == nullptr) continue;
    std::string is(view.kind_word(*process, view.classify(*process)));
    if (process->state == ProcessState::stopped) is += ", stopped";
    table.add({{.text = role},
               {.text = std::to_string(process->pid.number())},
               {.text = number_of(process->parent)},
               {.text = number_of(process->group)},
               {.text = number_of(process->session)},
               {.text = process->terminal ? process->terminal->name() : "-"},
               {.text = is}});
  }
  context_.out.write(indented(table.render({.has_colour = context_.has_colour(context_.out)})));
}

void Demonstration::write_json(const insight::View& view, std::string_view says, const std::vector<bool>& held,
                               const std::vector<Claim>& claims) {
  api::JsonWriter json;
  json.begin_object().key("says").string(says).key("processes").begin_array();
  for (const std::string& role : stage_.roles()) {
    const Process* process = find(view, role);
    if (process == nullptr) continue;
    json.begin_object().key("role").string(role);
    write_process(json, view, *process);
    json.end_object();
  }
  json.end_array().key("remarks").begin_array();
  for (const std::string& remark : remarks_) json.string(remark);
  json.end_array().key("facts").begin_array();
  for (std::size_t i = 0; i < claims.size(); ++i) {
    json.begin_object().key("fact").string(claims[i].text).key("holds").boolean(held[i]).end_object();
  }
  json.end_array().end_object();
  if (!scenes_.empty()) scenes_ += ',';
  scenes_ += json.text();
}

/// A line of whatever, or the end of the input, for good.
void Demonstration::wait_for_reader() {
  if (pace_ == Pace::through) return;
  context_.err.print("(Enter goes on)\n");
  context_.err.flush();
  stage_.wait_until(
      [this] {
        pollfd ready{STDIN_FILENO, POLLIN, 0};
        if (::poll(&ready, 1, kLookMilliseconds) != 1) return false;
        std::array<char, 256> line{};
        const auto size = ::read(STDIN_FILENO, line.data(), line.size());
        if (size <= 0) pace_ = Pace::through;
        return true;
      },
      "the reader", Stage::Patience::endless);
}

const Process* Demonstration::find(const insight::View& view, std::string_view role) const {
  const Process* process = view.table().find(stage_.pid_of(role));
  return process != nullptr && stage_.was_started_at(role, process->start_ticks) ? process : nullptr;
}

void Demonstration::predict(std::string_view role, std::string_view when) {
  const auto view = insight::look();
  const Process* process = view ? find(*view, role) : nullptr;
  if (process == nullptr) return;
  const auto facts = insight::read_facts(*process);
  const auto predictions = insight::predict(*process, *view, insight::read_surroundings(*process, facts));
  const bool is_terminal = when == "the terminal closes";
  const insight::Prediction& one = is_terminal                   ? predictions.terminal_closes
                                   : when == "Ctrl-C is pressed" ? predictions.ctrl_c
                                                                 : predictions.parent_dies;
  remark(fmt::format("foster inspect {}: when {}, it {}: {}", process->pid.number(), when,
                     one.outcome == insight::Outcome::unaffected ? "is unaffected" : to_string(one.outcome),
                     one.because));
}

void Demonstration::advise(std::string_view role) {
  const auto view = insight::look();
  if (!view) return;
  for (const insight::Debtor& debtor : insight::find_debtors(*view)) {
    if (debtor.parent != nullptr && debtor.parent->pid == stage_.pid_of(role)) {
      remark(fmt::format("foster zombies: {} has not waited for {}; {}", insight::called(*debtor.parent),
                         debtor.zombies.size(), debtor.advice));
    }
  }
}

void Demonstration::judge(std::string_view role, const std::vector<std::string_view>& rules) {
  const auto view = insight::look();
  const Process* process = view ? find(*view, role) : nullptr;
  if (process == nullptr) return;
  for (const insight::Finding& finding : findings_of(*process, *view)) {
    if (std::ranges::find(rules, finding.rule) == rules.end()) continue;
    remark(fmt::format("foster lint {}: {} {}: {}", process->pid.number(), finding.rule, to_string(finding.verdict),
                       finding.evidence));
  }
}

Claim Demonstration::about(const std::string& role, std::string text,
                           std::function<bool(const Process&, const insight::View&)> holds) const {
  return {std::move(text), [this, role, holds = std::move(holds)](const insight::View& view) {
            const Process* process = find(view, role);
            return process != nullptr && holds(*process, view);
          }};
}

Claim Demonstration::child_of(const std::string& role, const std::string& parent) const {
  return about(role, fmt::format("{} is a child of {}", role, parent),
               [pid = stage_.pid_of(parent)](const Process& process, const auto&) { return process.parent == pid; });
}

Claim Demonstration::adopted_by_guard(const std::string& role) const {
  return about(role, fmt::format("{} has a new parent: the nearest subreaper above it", role),
               [guard = stage_.guard()](const Process& process, const auto&) { return process.parent == guard; });
}

Claim Demonstration::adopted_by(const std::string& role, const std::string& adopter) const {
  return about(role, fmt::format("{} was adopted by {}", role, adopter),
               [pid = stage_.pid_of(adopter)](const Process& process, const auto&) { return process.parent == pid; });
}

Claim Demonstration::in_session_of(const std::string& role, const std::string& leader) const {
  const int number = stage_.pid_of(leader).number();
  return about(role,
               role == leader ? fmt::format("{} leads session {}", role, number)
                              : fmt::format("{} is in session {}, that of {}", role, number, leader),
               [number](const Process& process, const auto&) { return process.session == Sid(number); });
}

Claim Demonstration::in_group_of(const std::string& role, const std::string& leader) const {
  const int number = stage_.pid_of(leader).number();
  return about(role,
               role == leader ? fmt::format("{} leads group {}", role, number)
                              : fmt::format("{} is in group {}, that of {}", role, number, leader),
               [number](const Process& process, const auto&) { return process.group == Pgid(number); });
}

Claim Demonstration::has_terminal(const std::string& role) const {
  return about(role, role + " has a controlling terminal",
               [](const Process& process, const auto&) { return process.terminal.has_value(); });
}

Claim Demonstration::has_no_terminal(const std::string& role) const {
  return about(role, role + " has no controlling terminal",
               [](const Process& process, const auto&) { return !process.terminal; });
}

Claim Demonstration::in_foreground(const std::string& role) const {
  return about(role, role + " is in the foreground",
               [](const Process& process, const auto&) { return process.is_in_foreground(); });
}

Claim Demonstration::in_background(const std::string& role) const {
  return about(role, role + " is in the background",
               [](const Process& process, const auto&) { return process.terminal && !process.is_in_foreground(); });
}

Claim Demonstration::in_state(const std::string& role, ProcessState state) const {
  return about(role, fmt::format("{} is {}{}", role, state == ProcessState::zombie ? "a " : "", to_string(state)),
               [state](const Process& process, const auto&) { return process.state == state; });
}

Claim Demonstration::of_kind(const std::string& role, ProcessKind kind) const {
  return about(
      role, fmt::format("foster calls {} {} {}", role, kind == ProcessKind::orphan ? "an" : "a", to_string(kind)),
      [kind](const Process& process, const insight::View& view) { return view.classify(process).kind == kind; });
}

Claim Demonstration::alive(const std::string& role) const {
  return {role + " lives", [this, role](const auto&) { return stage_.is_alive(role); }};
}

Claim Demonstration::gone(const std::string& role) const {
  return {role + " is gone", [this, role](const insight::View& view) { return find(view, role) == nullptr; }};
}

Claim Demonstration::judged(const std::string& role, std::string_view rule, insight::Verdict verdict) const {
  return about(role,
               fmt::format("foster lint: {} {} by the rule {}", role,
                           verdict == insight::Verdict::pass ? "passes" : "fails", rule),
               [rule, verdict](const Process& process, const insight::View& view) {
                 const auto findings = findings_of(process, view);
                 const auto found = std::ranges::find(findings, rule, &insight::Finding::rule);
                 return found != findings.end() && found->verdict == verdict;
               });
}

Claim Demonstration::passes(const std::string& role, std::string_view rule) const {
  return judged(role, rule, insight::Verdict::pass);
}

Claim Demonstration::fails(const std::string& role, std::string_view rule) const {
  return judged(role, rule, insight::Verdict::fail);
}

Claim Demonstration::that(std::string text, bool holds) {
  return {std::move(text), [holds](const auto&) { return holds; }};
}

}  // namespace foster::cli
