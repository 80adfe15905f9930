#include "cli/supervisorctl/remote.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <cerrno>

#include "cli/supervisorctl/endpoint.hpp"
#include "cli/supervisorctl/interrupt.hpp"
#include "compat/base64.hpp"
#include "compat/xml_rpc_read.hpp"
#include "compat/xml_rpc_write.hpp"

namespace foster::cli::supervisorctl {
namespace {

Answer<compat::Response> response_from(std::string body) {
  auto response = compat::read_response(std::move(body));
  if (response) return std::move(*response);
  return std::unexpected(Trouble{.kind = Trouble::Kind::document, .text = response.error().detail});
}

std::string host_of(const Endpoint& endpoint) {
  if (!endpoint.socket_path.empty()) return "localhost";
  const bool is_bare_v6 = endpoint.host.contains(':');
  const std::string host = is_bare_v6 ? fmt::format("[{}]", endpoint.host) : endpoint.host;
  return endpoint.port == 80 ? host : fmt::format("{}:{}", host, endpoint.port);
}

Answer<Exchange> begin(const Remote& remote, std::string_view method, std::string_view path, std::string_view headers,
                       std::string_view body) {
  const auto endpoint = endpoint_of(remote.url);
  if (!endpoint) return std::unexpected(endpoint.error());
  auto socket = connect(*endpoint);
  if (!socket) return std::unexpected(socket.error());
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: foster/" FOSTER_VERSION "\r\n{}", method,
                                    path, host_of(*endpoint), headers);
  if (remote.credentials) {
    request += fmt::format("Authorization: Basic {}\r\n",
                           compat::to_base64(remote.credentials->username + ":" + remote.credentials->password));
  }
  request += "\r\n";
  request += body;
  auto exchange = Exchange::begin(std::move(*socket), request);
  if (!exchange) {
    return std::unexpected(Trouble{.kind = Trouble::Kind::connection, .code = exchange.error().code});
  }
  return std::move(*exchange);
}

}  // namespace

Answer<compat::Value> Remote::call(std::string_view method, compat::Array parameters) const {
  const std::string document =
      compat::write_call({.method = fmt::format("supervisor.{}", method), .parameters = std::move(parameters)});
  const std::string headers = fmt::format(
      "Connection: close\r\nContent-Type: text/xml\r\nAccept: text/xml\r\nContent-Length: {}\r\n", document.size());
  auto exchange = begin(*this, "POST", "/RPC2", headers, document);
  if (!exchange) return std::unexpected(exchange.error());
  std::string body;
  const Exchange::Sink sink = [&](const Piece& piece) { body += piece.bytes; };
  auto state = exchange->pump(sink);
  while (state == Exchange::State::going) {
    pollfd answer{exchange->fd().get(), POLLIN, 0};
    if (wait_for({&answer, 1}) == Wait::interrupted) return std::unexpected(Trouble{Trouble::Kind::interrupted});
    state = exchange->pump(sink);
  }
  if (state == Exchange::State::lost) {
    return std::unexpected(Trouble{.kind = Trouble::Kind::connection, .code = ECONNRESET});
  }
  if (exchange->status() != 200) {
    return std::unexpected(Trouble{
        .kind = Trouble::Kind::http_status, .code = exchange->status(), .text = std::string(exchange->reason())});
  }
  auto response = response_from(body.empty() ? exchange->take_body() : std::move(body));
  if (!response) return std::unexpected(response.error());
  if (auto* fault = std::get_if<compat::Fault>(&*response)) {
    return std::unexpected(Trouble{.kind = Trouble::Kind::fault, .code = fault->code, .text = std::move(fault->text)});
  }
  return std::get<compat::Value>(std::move(*response));
}

Answer<Exchange> Remote::follow(std::string_view path) const {
  return begin(*this, "GET", path, "Accept: */*\r\n", {});
}

}  // namespace foster::cli::supervisorctl
