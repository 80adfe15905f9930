#include "api/event_stream.hpp"

#include <charconv>

#include "api/json_api.hpp"
#include "api/json_codec.hpp"

namespace foster::api {
namespace {

// As many transitions as one piece of the body carries.
constexpr std::size_t kBatch = 64;
// As many as are replayed; who missed more gets the newest of them.
constexpr std::size_t kMostReplayed = 10'000;

class EventSource final : public BodySource {
 public:
  EventSource(std::vector<EventRow> missed, std::unique_ptr<EventCursor> cursor)
      : missed_(std::move(missed)), cursor_(std::move(cursor)) {}

  Progress read(std::string& out, std::size_t /*most*/, std::string& /*extension*/) override {
    if (!std::exchange(greeted_, true)) {
      // Tells the client that it is subscribed, before anything happens.
      out += "retry: 1000\n\n";
      return Progress::data;
    }
    if (!missed_.empty()) {
      for (const EventRow& row : std::exchange(missed_, {})) append(out, row);
      return Progress::data;
    }
    const auto rows = cursor_->next(kBatch);
    for (const EventRow& row : rows) append(out, row);
    return rows.empty() ? Progress::idle : Progress::data;
  }

  void when_more(std::move_only_function<void()> more) override { cursor_->when_more(std::move(more)); }

 private:
  static void append(std::string& out, const EventRow& row) {
    append_event(out, std::to_string(row.id), "state", encode(row));
  }

  std::vector<EventRow> missed_;
  std::unique_ptr<EventCursor> cursor_;
  bool greeted_ = false;
};

Answer<std::optional<std::uint64_t>> start_of(const Request& request) {
  const auto asked = number_parameter(request, "after");
  if (!asked || request.last_event_id.empty()) return asked;
  // A browser that reconnects repeats its first URL; the header tells what it has seen since.
  std::uint64_t seen = 0;
  const std::string& text = request.last_event_id;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seen);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::unexpected(Problem{Problem::Kind::bad_request, "Last-Event-ID must be a number", {}});
  }
  return seen;
}

// What is stored of the time after this transition. Where the store cannot tell, the cursor still may.
std::vector<EventRow> stored_after(const ControlService& service, std::uint64_t id) {
  auto rows = service.history({}, kMostReplayed);
  if (!rows) return {};
  std::erase_if(*rows, [&](const EventRow& row) { return row.id <= id; });
  return std::move(*rows);
}

}  // namespace

void append_event(std::string& out, std::string_view id, std::string_view event, std::string_view data) {
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  out.append("event: ").append(event).append("\n");
  for (;;) {
    const auto end = data.find('\n');
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  out += '\n';
}

void handle_events(ControlService& service, Request& request, Reply reply) {
  if (const auto problem = unknown_parameter(request, {"after"})) return reply(problem_response(*problem));
  const auto after = start_of(request);
  if (!after) return reply(problem_response(after.error()));
  Response response{.content_type = "text/event-stream"};
  std::vector<EventRow> missed;
  std::optional<std::uint64_t> from = *after;
  if (from) missed = stored_after(service, *from);
  if (!missed.empty()) from = missed.back().id;
  response.source = std::make_unique<EventSource>(std::move(missed), service.follow_events(from));
  response.headers.push_back({"Cache-Control", "no-store"});
  reply(std::move(response));
}

}  // namespace foster::api
