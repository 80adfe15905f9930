#include "cli/exchange.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <cerrno>

#include "sys/files.hpp"

namespace foster::cli {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

std::string text_of(const Question& question) {
  std::string text =
      question.method + " " + question.target + " HTTP/1.1\r\nHost: foster\r\nConnection: close\r\n" + question.headers;
  if (question.method != "GET") {
    text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(question.body.size()) + "\r\n";
  }
  return text + "\r\n" + question.body;
}

}  // namespace

struct Exchange::Impl {
  explicit Impl(UniqueFd connected) : socket(std::move(connected)) {
    parser.eager(true);
    parser.body_limit(boost::none);
    on_header = [this](std::uint64_t, boost::beast::string_view text, error_code& error) { begin_chunk(text, error); };
    on_body = [this](std::uint64_t remain, boost::beast::string_view bytes, error_code&) {
      if (!sink) return bytes.size();
      const bool ends = remain == bytes.size();
      (*sink)({.bytes = {bytes.data(), bytes.size()},
               .name = name,
               .position = ends ? std::string_view(position) : std::string_view{},
               .ends_chunk = ends});
      return bytes.size();
    };
    parser.on_chunk_header(on_header);
    parser.on_chunk_body(on_body);
  }

  void begin_chunk(boost::beast::string_view text, error_code& error) {
    name.clear();
    position.clear();
    http::chunk_extensions extensions;
    extensions.parse(text, error);
    if (error) return;
    for (const auto& [key, value] : extensions) {
      if (key == "name") name.assign(value.data(), value.size());
      if (key == "position") position.assign(value.data(), value.size());
    }
  }

  // Parses what was read. Whole header fields, chunks and parts of chunks are taken; the rest stays.
  State take(std::string_view bytes) {
    if (!rest.empty()) bytes = rest += bytes;
    while (!parser.is_done() && !bytes.empty()) {
      error_code error;
      const std::size_t count = parser.put(boost::asio::buffer(bytes), error);
      bytes.remove_prefix(count);
      if (error == http::error::need_more || (!error && count == 0)) break;
      if (error) return State::lost;
    }
    rest = std::string(bytes);
    return parser.is_done() ? State::done : State::going;
  }

  State end_of_connection() {
    if (!parser.is_header_done()) return State::lost;
    error_code error;
    parser.put_eof(error);
    return error ? State::lost : State::done;
  }

  UniqueFd socket;
  http::response_parser<http::string_body> parser;
  std::function<void(std::uint64_t, boost::beast::string_view, error_code&)> on_header;
  std::function<std::size_t(std::uint64_t, boost::beast::string_view, error_code&)> on_body;
  std::string rest;
  std::string name;
  std::string position;
  const Sink* sink = nullptr;
};

Exchange::Exchange(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;
Exchange::~Exchange() = default;

Result<Exchange> Exchange::begin(UniqueFd socket, const Question& question) {
  return begin(std::move(socket), std::string_view(text_of(question)));
}

Result<Exchange> Exchange::begin(UniqueFd socket, std::string_view request) {
  if (auto sent = sys::write_all(socket, request); !sent) return Failure(sent.error());
  return Exchange(std::make_unique<Impl>(std::move(socket)));
}

BorrowedFd Exchange::fd() const {
  return impl_->socket;
}

Exchange::State Exchange::pump(const Sink& sink) {
  impl_->sink = &sink;
  std::array<char, 16'384> buffer;
  for (;;) {
    if (impl_->parser.is_done()) return State::done;
    const ssize_t count = ::recv(impl_->socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return State::going;
    if (count < 0) return State::lost;
    if (count == 0) return impl_->end_of_connection();
    const State state = impl_->take({buffer.data(), static_cast<std::size_t>(count)});
    if (state != State::going) return state;
  }
}

Exchange::State Exchange::finish(const Sink& sink) {
  for (;;) {
    if (const State state = pump(sink); state != State::going) return state;
    pollfd ready{fd().get(), POLLIN, 0};
    (void)::poll(&ready, 1, -1);  // interrupted: pump says that nothing is there
  }
}

unsigned Exchange::status() const {
  return impl_->parser.is_header_done() ? impl_->parser.get().result_int() : 0;
}

std::string_view Exchange::reason() const {
  const auto text = impl_->parser.get().reason();
  return {text.data(), text.size()};
}

const std::string& Exchange::body() const {
  return impl_->parser.get().body();
}

std::string Exchange::take_body() {
  return std::move(impl_->parser.get().body());
}

}  // namespace foster::cli
