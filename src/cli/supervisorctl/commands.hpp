// Every command of supervisorctl: what it is called, what its help says, and what it does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/supervisorctl/session.hpp"

namespace foster::cli::supervisorctl {

enum class Completes : std::uint8_t { nothing, actions, groups, processes };

struct Action {
  std::string_view name;
  std::string_view help;  ///< Without the last line end.
  Completes completes;
  /// @param arguments All after the name, without blanks around it.
  /// @return What the command was not prepared for.
  Answer<> (*run)(Session& session, const std::string& arguments);
};

/// In the order of the alphabet.
[[nodiscard]] std::span<const Action> action_table();
/// Null for an unknown name.
[[nodiscard]] const Action* find_action(std::string_view name);
/// Says the help of an action: for a command line that makes no sense.
void say_help(Session& session, std::string_view name);

/// Whether there are none, as the command wants it. If not, that was said.
[[nodiscard]] bool has_no_arguments(Session& session, std::string_view action, const std::string& arguments);

Answer<> add(Session& session, const std::string& arguments);
Answer<> avail(Session& session, const std::string& arguments);
Answer<> clear(Session& session, const std::string& arguments);
Answer<> foreground(Session& session, const std::string& arguments);
Answer<> help(Session& session, const std::string& arguments);
Answer<> maintail(Session& session, const std::string& arguments);
Answer<> open_url(Session& session, const std::string& arguments);
Answer<> pid(Session& session, const std::string& arguments);
Answer<> quit(Session& session, const std::string& arguments);
Answer<> reload(Session& session, const std::string& arguments);
Answer<> remove_groups(Session& session, const std::string& arguments);
Answer<> reread(Session& session, const std::string& arguments);
Answer<> restart(Session& session, const std::string& arguments);
Answer<> shutdown(Session& session, const std::string& arguments);
Answer<> signal(Session& session, const std::string& arguments);
Answer<> start(Session& session, const std::string& arguments);
Answer<> status(Session& session, const std::string& arguments);
Answer<> stop(Session& session, const std::string& arguments);
Answer<> tail(Session& session, const std::string& arguments);
Answer<> update(Session& session, const std::string& arguments);
Answer<> version(Session& session, const std::string& arguments);

}  // namespace foster::cli::supervisorctl
