#include "cli/supervisorctl/trouble.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

std::string_view class_of_errno(std::int64_t code) {
  switch (code) {
    case ECONNREFUSED:
      return "ConnectionRefusedError";
    case ECONNRESET:
      return "ConnectionResetError";
    case EPIPE:
      return "BrokenPipeError";
    case ENOENT:
      return "FileNotFoundError";
    case EACCES:
    case EPERM:
      return "PermissionError";
    case ENOTDIR:
      return "NotADirectoryError";
    case ETIMEDOUT:
      return "TimeoutError";
    default:
      return "OSError";
  }
}

}  // namespace

std::string fault_text(const Trouble& trouble) {
  return fmt::format("<Fault {}: {}>", trouble.code, in_quotes(trouble.text));
}

std::string description_of(const Trouble& trouble) {
  switch (trouble.kind) {
    case Trouble::Kind::fault:
      return fmt::format("<class 'xmlrpc.client.Fault'>, {}", fault_text(trouble));
    case Trouble::Kind::http_status:
      return fmt::format("<class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: {} {}>",
                         trouble.code, trouble.text);
    case Trouble::Kind::connection: {
      char buffer[128];
      return fmt::format("<class '{}'>, [Errno {}] {}", class_of_errno(trouble.code), trouble.code,
                         ::strerror_r(static_cast<int>(trouble.code), buffer, sizeof buffer));
    }
    case Trouble::Kind::name:
      return fmt::format("<class 'socket.gaierror'>, [Errno {}] {}", trouble.code, trouble.text);
    case Trouble::Kind::document:
      return fmt::format("<class 'xml.parsers.expat.ExpatError'>, {}", trouble.text);
    case Trouble::Kind::end_of_input:
      return "<class 'EOFError'>, EOF when reading a line";
    case Trouble::Kind::value:
    case Trouble::Kind::interrupted:
      break;
  }
  return fmt::format("<class 'ValueError'>, {}", trouble.text);
}

}  // namespace foster::cli::supervisorctl
