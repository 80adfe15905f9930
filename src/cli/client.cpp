#include "cli/client.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <charconv>
#include <string_view>

#include "supervisor/remains.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/unix_socket.hpp"

namespace foster::cli {
namespace {

using namespace std::chrono_literals;

// A lost supervisor is back within a tenth of a second; a busy machine may take longer.
constexpr std::chrono::nanoseconds kPatience = 5s;
// A socket without a living lock holder: both processes may just have been lost.
constexpr std::chrono::nanoseconds kPatienceWithoutHolder = 300ms;
constexpr int kPauseMilliseconds = 5;
constexpr int kMostRepeats = 20;

bool is_absent(const Error& error) {
  return error.code == ENOENT || error.code == ECONNREFUSED;
}

bool may_have_been_lost(const Error& error) {
  return error.code == ECONNRESET || error.code == EPIPE;
}

}  // namespace

Result<UniqueFd> Client::connect() const {
  auto directory = sys::open_file(directories_.runtime, O_DIRECTORY | O_PATH);
  if (!directory) return directory;
  return sys::connect_unix(*directory, sys::kControlSocket);
}

bool Client::may_be_alive() const {
  const auto text = sys::read_file(directories_.lock(), 64);
  if (!text) return false;
  int pid = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), pid);
  if (error != std::errc{} || pid <= 0) return true;  // its holder is just about to write it
  const auto command = sys::read_file("/proc/" + std::to_string(pid) + "/cmdline");
  return command && command->starts_with("foster: ");
}

Result<Exchange> Client::begin(const Question& question) const {
  const auto start = sys::monotonic_now();
  for (;;) {
    auto socket = connect();
    if (socket) {
      auto exchange = Exchange::begin(std::move(*socket), question);
      if (exchange || !may_have_been_lost(exchange.error()) || patience_ == Patience::none) return exchange;
    } else if (!is_absent(socket.error()) || patience_ == Patience::none) {
      return Failure(socket.error());
    } else {
      const bool is_held = may_be_alive();
      if (!is_held && socket.error().code == ENOENT) return Failure(socket.error());
      if (sys::monotonic_now() - start > (is_held ? kPatience : kPatienceWithoutHolder)) {
        return Failure(socket.error());
      }
    }
    if (sys::monotonic_now() - start > kPatience) return failure("connect", ECONNREFUSED, directories_.runtime);
    (void)::poll(nullptr, 0, kPauseMilliseconds);  // a new supervisor has no way to tell us
  }
}

// The door stays open while supervisors come and go, so a connection proves nothing. A long answer is waited for as
// long as somebody is at work on it.
Result<Exchange::State> Client::wait_for_answer(Exchange& exchange, const Exchange::Sink& sink) const {
  constexpr int kLookMilliseconds = 1000;
  constexpr int kMostLooksInVain = 3;
  auto patience = std::chrono::ceil<std::chrono::milliseconds>(kPatience).count();
  for (int in_vain = 0;;) {
    if (const auto state = exchange.pump(sink); state != Exchange::State::going) return state;
    pollfd ready{exchange.fd().get(), POLLIN, 0};
    const int outcome = ::poll(&ready, 1, static_cast<int>(patience));  // interrupted: pump says that nothing is there
    if (outcome != 0 || exchange.has_begun()) continue;
    patience = kLookMilliseconds;
    const auto remains = supervisor::read_remains(directories_);
    in_vain = remains && !remains->has_supervisor ? in_vain + 1 : 0;
    if (in_vain == kMostLooksInVain) return failure("answer", EHOSTDOWN, directories_.runtime);
  }
}

Result<Reply> Client::ask(const Question& question, Repeat repeat) const {
  for (int tries = 0;; ++tries) {
    auto exchange = begin(question);
    if (!exchange) return Failure(exchange.error());
    Reply reply;
    const auto state = wait_for_answer(*exchange, [&](const Piece& piece) { reply.body += piece.bytes; });
    if (!state) return Failure(state.error());
    if (*state == Exchange::State::done) {
      reply.status = exchange->status();
      if (reply.body.empty()) reply.body = exchange->body();
      return reply;
    }
    if (repeat == Repeat::never || tries == kMostRepeats) return failure("answer", ECONNRESET, question.target);
  }
}

Result<Reply> Client::get(std::string target) const {
  return ask({.target = std::move(target)}, Repeat::freely);
}

}  // namespace foster::cli
