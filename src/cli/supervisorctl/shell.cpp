#include <algorithm>

#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/interpreter.hpp"
#include "cli/supervisorctl/interrupt.hpp"
#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

using Names = std::vector<std::string>;

void add_once(Names& names, std::string name) {
  if (!has(names, name)) names.push_back(std::move(name));
}

// What Tab offers. What is asked of the server is kept until the next command.
class Completion {
 public:
  explicit Completion(Session& session) : session_(session) {}

  void forget() { infos_.reset(); }

  Names operator()(std::string_view line, std::string_view word) {
    const auto words = words_of(line);
    const bool is_first = words.empty() || (words.size() == 1 && !word.empty());
    Completes kind = Completes::actions;
    if (!is_first && words.front() != "help") {
      const Action* action = find_action(words.front());
      kind = action != nullptr ? action->completes : Completes::nothing;
    }
    Names names = candidates(kind, word);
    std::erase_if(names, [&](const std::string& name) { return !name.starts_with(word); });
    for (std::string& name : names) name += ' ';
    return names;
  }

 private:
  Names candidates(Completes kind, std::string_view word) {
    Names names;
    switch (kind) {
      case Completes::nothing:
        break;
      case Completes::actions:
        names.emplace_back("help");
        for (const Action& action : action_table()) names.emplace_back(action.name);
        break;
      case Completes::groups:
        for (const compat::Value& info : infos()) add_once(names, text_member(info, "group"));
        break;
      case Completes::processes:
        for (const compat::Value& info : infos()) add_process(names, info, word);
        break;
    }
    return names;
  }

  static void add_process(Names& names, const compat::Value& info, std::string_view word) {
    const std::string group = text_member(info, "group");
    const std::string name = text_member(info, "name");
    if (!word.contains(':') && name == group) return add_once(names, name);
    add_once(names, fmt::format("{}:{}", group, name));
    add_once(names, fmt::format("{}:*", group));
  }

  const compat::Array& infos() {
    if (!infos_) infos_ = session_.remote.call("getAllProcessInfo").value_or(compat::Value());
    return elements_of(*infos_);
  }

  Session& session_;
  std::optional<compat::Value> infos_;
};

}  // namespace

void run_shell(Session& session, const std::string& prompt, const std::string& history_file) {
  const CatchInterrupts catcher;
  Completion completion(session);
  session.input.become_editable([&](std::string_view line, std::string_view word) { return completion(line, word); },
                                history_file);
  Outcome outcome = interpret(session, "status");
  while (outcome == Outcome::done && !session.is_over && !session.out.is_broken()) {
    completion.forget();
    const Line line = session.input.read_command(prompt);
    if (line.kind == Line::Kind::interrupted) {
      outcome = Outcome::interrupted;
    } else {
      outcome = interpret(session, line.kind == Line::Kind::end ? "EOF" : line.text);
    }
  }
  if (outcome == Outcome::interrupted) session.say("");
}

}  // namespace foster::cli::supervisorctl
