#include "cli/supervisorctl/session.hpp"

#include <cerrno>

namespace foster::cli::supervisorctl {
namespace {

constexpr std::string_view kVersion = "3.0";

}  // namespace

Answer<bool> Session::is_up() {
  const auto version = remote.call("getVersion");
  if (version) {
    const std::string spoken = text_of(*version);
    if (spoken == kVersion) return true;
    say("Sorry, this version of supervisorctl expects to talk to a server with API version {}, but the remote version "
        "is {}.",
        kVersion, spoken);
    status = Status::wrong_version;
    return false;
  }
  const Trouble& trouble = version.error();
  if (trouble.is(compat::FaultCode::unknown_method)) {
    say("Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses "
        "to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the configuration file "
        "(see sample.conf).");
    status = Status::unimplemented;
    return false;
  }
  if (trouble.is_errno(ECONNREFUSED)) {
    say("{} refused connection", remote.url);
    status = Status::unreachable;
    return false;
  }
  if (trouble.is_errno(ENOENT)) {
    say("{} no such file", remote.url);
    status = Status::not_running;
    return false;
  }
  return std::unexpected(trouble);
}

Answer<bool> Session::is_meant(const std::string& question) {
  if (manner == Manner::one_command) return true;
  const Line line = input.read(question);
  if (line.kind == Line::Kind::interrupted) return std::unexpected(Trouble{Trouble::Kind::interrupted});
  if (line.kind == Line::Kind::end) return std::unexpected(Trouble{Trouble::Kind::end_of_input});
  return line.text.starts_with('y') || line.text.starts_with('Y');
}

std::string text_member(const compat::Value& value, std::string_view name) {
  const compat::Value* member = value.member(name);
  return member != nullptr ? text_of(*member) : std::string{};
}

std::int64_t number_member(const compat::Value& value, std::string_view name) {
  const compat::Value* member = value.member(name);
  if (member == nullptr) return 0;
  return member->boolean() ? static_cast<std::int64_t>(*member->boolean()) : member->integer().value_or(0);
}

const compat::Array& elements_of(const compat::Value& value) {
  static const compat::Array kNone;
  const compat::Array* array = value.array();
  return array != nullptr ? *array : kNone;
}

std::string text_of(const compat::Value& value) {
  if (const auto* text = value.string()) return *text;
  if (const auto number = value.integer()) return std::to_string(*number);
  return {};
}

}  // namespace foster::cli::supervisorctl
