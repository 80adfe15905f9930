#include "supervisor/supervisord/command_check.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "sys/resolve_program.hpp"

namespace foster::supervisor::supervisord {

compat::Outcome<> find_command(const config::supervisord::Process& process, std::string_view path,
                               const std::string& directory) {
  using compat::FaultCode;
  if (process.argv.empty()) return compat::refusal(FaultCode::no_file, "command is empty");
  const std::string& program = process.argv.front();
  const auto found = sys::resolve_program(program, path, directory);
  if (found) return {};
  switch (found.error().code) {
    case EISDIR:
      return compat::refusal(FaultCode::not_executable, fmt::format("command at '{}' is a directory", program));
    case EACCES:
      return compat::refusal(FaultCode::not_executable, fmt::format("command at '{}' is not executable", program));
    default:
      return compat::refusal(FaultCode::no_file, fmt::format("can't find command '{}'", program));
  }
}

}  // namespace foster::supervisor::supervisord
