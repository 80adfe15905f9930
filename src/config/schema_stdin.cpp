// The key stdin: a path, a pipe that stays open, or a socket that listens.
#include <fmt/format.h>

#include "config/schema.hpp"
#include "config/schema_policies.hpp"
#include "config/supervisord/values.hpp"
#include "config/values.hpp"

namespace foster::config {

namespace {

using core::Service;
using core::StdinSocket;

constexpr int kMostWaiting = 65535;
constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kTcp = "tcp://";

bool is_address(std::string_view text) {
  if (text.starts_with(kUnix)) return text.substr(kUnix.size()).starts_with('/') && !text.ends_with('/');
  if (!text.starts_with(kTcp)) return false;
  const auto address = supervisord::parse_inet_address(text.substr(kTcp.size()));
  return address && !address->host.empty();
}

void read_address(Reader& reader, const Raw& raw, const RawTable&, StdinSocket& socket) {
  const auto text = reader.text(raw);
  if (!text) return;
  if (!is_address(*text)) {
    return reader.error(raw.where(), fmt::format("\"{}\" is not an address", *text),
                        "write unix:///path or tcp://host:port");
  }
  socket.address = *text;
}

const Key<StdinSocket> kSocketKeys[] = {
    {.info = {.name = "listen",
              .type = "\"unix:///PATH\" or \"tcp://HOST:PORT\"",
              .fallback = "(none)",
              .unit = "",
              .doc = "stdin is a socket that listens there, as FastCGI programs want it. Services that name the same "
                     "address, and all workers, share one; it is open as long as one of them runs, also through a "
                     "loss of foster's own processes. TCP is IPv4. A socket file that is there already is replaced.",
              .example = "\"unix:///run/app.sock\"",
              .also = "socket address"},
     .read = read_address,
     .write = [](const StdinSocket& socket) -> std::optional<Raw> { return Raw(socket.address); }},
    {.info = {.name = "mode",
              .type = "octal digits in quotes",
              .fallback = "(0700)",
              .unit = "permission bits",
              .doc = "Of the file of a unix socket: who may write to it may connect.",
              .example = "\"0660\"",
              .also = "socket_mode permissions chmod"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, StdinSocket& socket) {
           if (const auto mode = reader.parsed<unsigned>(raw, "octal digits in quotes", parse_mode))
             socket.mode = *mode;
         },
     .write = [](const StdinSocket& socket) -> std::optional<Raw> {
       if (socket.mode == StdinSocket{}.mode) return std::nullopt;
       return Raw(format_mode(socket.mode));
     }},
    {.info = {.name = "owner",
              .type = "user or \"user:group\"",
              .fallback = "(the service's user)",
              .unit = "",
              .doc = "Of the file of a unix socket.",
              .example = "\"www-data:www-data\"",
              .also = "socket_owner chown"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, StdinSocket& socket) {
           if (auto owner = reader.text(raw)) socket.owner = std::move(*owner);
         },
     .write = [](const StdinSocket& socket) -> std::optional<Raw> {
       if (socket.owner.empty()) return std::nullopt;
       return Raw(socket.owner);
     }},
    {.info = {.name = "backlog",
              .type = "number",
              .fallback = "(4096)",
              .unit = "connections",
              .doc = "How many may wait to be accepted; the kernel's net.core.somaxconn limits it further.",
              .example = "128",
              .also = "socket_backlog queue"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, StdinSocket& socket) {
           if (const auto value = reader.integer(raw, 1, kMostWaiting)) socket.backlog = static_cast<int>(*value);
         },
     .write = [](const StdinSocket& socket) -> std::optional<Raw> {
       if (socket.backlog == StdinSocket{}.backlog) return std::nullopt;
       return Raw(static_cast<std::int64_t>(socket.backlog));
     }},
};

}  // namespace

std::span<const Key<StdinSocket>> stdin_keys() {
  return kSocketKeys;
}

void read_stdin(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (raw.as<bool>() != nullptr) {
    service.stdin_pipe = *reader.boolean(raw);
  } else if (const auto* table = raw.as<RawTable>()) {
    StdinSocket socket;
    read_table(reader, *table, stdin_keys(), socket);
    if (table->find("listen") == nullptr) {
      return reader.error(raw.where(), "the table does not say where to listen", "add listen = \"unix:///path\"");
    }
    service.stdin_socket = std::move(socket);
  } else if (raw.as<std::string>() == nullptr) {
    reader.expected("a path, true or a table such as { listen = \"unix:///run/app.sock\" }", raw);
  } else if (const auto path = reader.text(raw); path && !path->empty()) {
    const std::string_view base = service.directory.empty() ? reader.base_directory() : service.directory;
    service.stdin_path = absolute_path(base, *path);
  }
}

std::optional<Raw> write_stdin(const Service& service) {
  if (service.stdin_socket) return Raw(write_table(stdin_keys(), *service.stdin_socket));
  if (service.stdin_pipe) return Raw(true);
  if (service.stdin_path.empty()) return std::nullopt;
  return Raw(service.stdin_path);
}

}  // namespace foster::config
