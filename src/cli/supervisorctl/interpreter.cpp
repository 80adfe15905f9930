#include "cli/supervisorctl/interpreter.hpp"

#include <algorithm>
#include <cctype>

#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

constexpr std::int64_t kUnauthorized = 401;

using Run = Answer<> (*)(Session&, const std::string&);

Run deed_called(std::string_view name) {
  if (name == "help") return help;
  if (name == "EOF") return quit;
  const Action* action = find_action(name);
  return action != nullptr ? action->run : nullptr;
}

Answer<std::string> ask(const Line& line) {
  if (line.kind == Line::Kind::interrupted) return std::unexpected(Trouble{Trouble::Kind::interrupted});
  if (line.kind == Line::Kind::end) return std::unexpected(Trouble{Trouble::Kind::end_of_input});
  return line.text;
}

Answer<> ask_who_it_is(Session& session) {
  session.say("Server requires authentication");
  auto username = ask(session.input.read("Username:"));
  if (!username) return std::unexpected(username.error());
  auto password = ask(session.input.read_password("Password:"));
  if (!password) return std::unexpected(password.error());
  session.say("");
  session.remote.credentials = Credentials{.username = std::move(*username), .password = std::move(*password)};
  return {};
}

Answer<> run(Session& session, Run deed, const std::string& arguments) {
  const auto is_refused = [](const Answer<>& done) {
    return !done && done.error().kind == Trouble::Kind::http_status && done.error().code == kUnauthorized;
  };
  auto done = deed(session, arguments);
  if (!is_refused(done)) return done;
  if (session.manner == Manner::one_command) {
    session.say("Server requires authentication");
    return done;
  }
  while (is_refused(done)) {
    if (auto told = ask_who_it_is(session); !told) return told;
    done = deed(session, arguments);
  }
  return done;
}

}  // namespace

Outcome interpret(Session& session, std::string_view text) {
  std::string line(trimmed(text));
  if (line.empty()) return Outcome::done;
  if (line.starts_with('?')) line = "help " + line.substr(1);
  const auto end = std::ranges::find_if(line, [](unsigned char c) { return std::isalnum(c) == 0 && c != '_'; });
  const std::string name(line.begin(), end);
  const Run deed = deed_called(name);
  if (deed == nullptr) {
    session.say("*** Unknown syntax: {}", line);
    session.status = Status::generic;
    return Outcome::done;
  }
  const auto done = run(session, deed, std::string(trimmed(std::string_view(end, line.end()))));
  if (done) return Outcome::done;
  if (done.error().kind == Trouble::Kind::interrupted) return Outcome::interrupted;
  session.say("error: {}", description_of(done.error()));
  session.status = Status::generic;
  return Outcome::done;
}

}  // namespace foster::cli::supervisorctl
