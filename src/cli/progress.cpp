#include "cli/progress.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "cli/event_feed.hpp"
#include "cli/render.hpp"
#include "cli/replies.hpp"
#include "cli/session.hpp"
#include "sys/clock.hpp"

namespace foster::cli {
namespace {

constexpr int kTickMilliseconds = 100;
constexpr std::array<std::string_view, 4> kSpinner{"|", "/", "-", "\\"};
// More lines than this would scroll away; the rest is counted.
constexpr std::size_t kMostLines = 20;

bool is_worth_a_line(core::State state) {
  return state == core::State::running || state == core::State::failed || state == core::State::backoff ||
         state == core::State::exited || state == core::State::stopped;
}

bool is_settled(core::State state) {
  return state == core::State::running || state == core::State::failed || state == core::State::exited ||
         state == core::State::stopped;
}

// What is known of the services that moved since the request began.
class Display {
 public:
  Display(Context& context, bool is_live) : context_(context), is_live_(is_live), start_(sys::monotonic_now()) {}

  void note(const HistoryRow& row) {
    rows_[row.name] = {.state = row.to, .cause = row.cause};
    if (is_live_ || !is_worth_a_line(row.to)) return;
    const char* colon = row.cause.empty() ? "" : ": ";
    context_.err.print("{} {}{}{}\n", row.name, core::to_string(row.to), colon, printable(row.cause));
    context_.err.flush();
  }

  void draw() {
    if (!is_live_) return;
    clear();
    const auto width = terminal_width(STDERR_FILENO).value_or(80);
    std::size_t settled = 0;
    for (const auto& [name, row] : rows_) {
      if (is_settled(row.state)) {
        ++settled;
        continue;
      }
      if (lines_ < kMostLines) draw_line(name, row, width);
    }
    if (rows_.empty()) return;
    const auto elapsed = std::chrono::duration<double>(sys::monotonic_now() - start_).count();
    context_.err.print("{} {} of {} done, {:.1f}s\n", kSpinner[tick_++ % kSpinner.size()], settled, rows_.size(),
                       elapsed);
    ++lines_;
    context_.err.flush();
  }

  void clear() {
    if (lines_ > 0) context_.err.print("\x1b[{}A\x1b[J", lines_);
    lines_ = 0;
    context_.err.flush();
  }

 private:
  struct Shown {
    core::State state;
    std::string cause;
  };

  void draw_line(const std::string& name, const Shown& row, std::size_t width) {
    std::string text = fmt::format("  {}  {}  {}", name, core::to_string(row.state), printable(row.cause));
    // One screen line each, or clearing would count wrong.
    while (display_width(text) >= width) {
      do {
        text.pop_back();
      } while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U);
    }
    context_.err.print("{}\n", context_.has_colour(context_.err) ? coloured(text, colour_of(row.state)) : text);
    ++lines_;
  }

  Context& context_;
  bool is_live_;
  std::chrono::nanoseconds start_;
  std::map<std::string, Shown> rows_;
  std::size_t lines_ = 0;
  std::size_t tick_ = 0;
};

// Subscribed only once the first bytes are there: what happens afterwards cannot be missed.
std::optional<Exchange> subscribe(const Client& client) {
  auto events = client.begin({.target = "/v1/events"});
  if (!events) return std::nullopt;
  bool has_greeted = false;
  while (!has_greeted) {
    const auto state = events->pump([&](const Piece&) { has_greeted = true; });
    if (state != Exchange::State::going || (events->has_begun() && events->status() != 200)) return std::nullopt;
    pollfd ready{events->fd().get(), POLLIN, 0};
    if (!has_greeted) (void)::poll(&ready, 1, -1);  // interrupted: pump finds nothing
  }
  return std::move(*events);
}

// Waits for the answer and shows what happens until then.
Exchange::State watch(Exchange& answer, std::optional<Exchange>& events, Display& display, bool is_live,
                      std::string& body) {
  EventFeed feed;
  const auto show = [&](const FeedEvent& event) {
    if (const auto row = read_event(event.data)) display.note(*row);
  };
  for (;;) {
    const auto state = answer.pump([&](const Piece& piece) { body += piece.bytes; });
    if (events && events->pump([&](const Piece& piece) { feed.take(piece.bytes, show); }) != Exchange::State::going) {
      events.reset();
    }
    if (state != Exchange::State::going) return state;
    display.draw();
    std::array<pollfd, 2> ready{pollfd{answer.fd().get(), POLLIN, 0},
                                pollfd{events ? events->fd().get() : -1, POLLIN, 0}};
    (void)::poll(ready.data(), ready.size(), is_live ? kTickMilliseconds : -1);  // interrupted: look again
  }
}

}  // namespace

std::expected<Reply, ExitCode> ask_with_progress(Context& context, const Target& target, const Question& question,
                                                 Repeat repeat, Progress progress) {
  const bool is_live = progress != Progress::silent && context.err.is_terminal();
  if (!is_live && progress != Progress::always) return ask_or_complain(context, target, question, repeat);
  const Client client(target.directories);
  auto events = subscribe(client);
  auto answer = client.begin(question);
  if (!answer) return std::unexpected(complain_about(context, target, answer.error()));
  Display display(context, is_live);
  Reply reply;
  const auto state = watch(*answer, events, display, is_live, reply.body);
  display.clear();
  if (state == Exchange::State::lost) {
    if (repeat == Repeat::freely) return ask_or_complain(context, target, question, repeat);
    return std::unexpected(complain_about(context, target, Error{"answer", ECONNRESET, question.target}));
  }
  reply.status = answer->status();
  if (reply.body.empty()) reply.body = answer->body();
  if (!reply.is_ok()) return std::unexpected(complain_about(context, reply));
  return reply;
}

}  // namespace foster::cli
