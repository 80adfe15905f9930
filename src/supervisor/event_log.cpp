#include "supervisor/event_log.hpp"

#include <algorithm>
#include <utility>

namespace foster::supervisor {

class EventLog::Cursor final : public api::EventCursor {
 public:
  Cursor(EventLog& log, std::uint64_t after) : log_(log), last_(after) { log_.cursors_.push_back(this); }
  ~Cursor() override { std::erase(log_.cursors_, this); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  std::vector<api::EventRow> next(std::size_t most) override {
    std::vector<api::EventRow> rows;
    for (const api::EventRow& row : log_.ring_) {
      if (row.id <= last_) continue;
      if (rows.size() == most) break;
      rows.push_back(row);
    }
    if (!rows.empty()) last_ = rows.back().id;
    return rows;
  }

  void when_more(std::move_only_function<void()> more) override {
    more_ = std::move(more);
    if (log_.last_id_ > last_) wake();
  }

  void wake() {
    if (auto more = std::exchange(more_, nullptr)) more();
  }

 private:
  EventLog& log_;
  std::uint64_t last_;
  std::move_only_function<void()> more_;
};

void EventLog::publish(const core::Transition& transition, std::string name, std::chrono::system_clock::time_point time,
                       std::optional<core::RunEnd> end) {
  api::EventRow row{.id = 0,
                    .time = time,
                    .name = std::move(name),
                    .from = transition.from,
                    .to = transition.to,
                    .run = transition.run,
                    .cause = transition.cause,
                    .end = std::move(end)};
  row.id = store_(row);
  last_id_ = row.id;
  ring_.push_back(std::move(row));
  if (ring_.size() > kKept) ring_.pop_front();
  const std::vector<Cursor*> waiting = cursors_;
  for (Cursor* cursor : waiting) {
    if (std::ranges::find(cursors_, cursor) != cursors_.end()) cursor->wake();
  }
}

std::unique_ptr<api::EventCursor> EventLog::follow(std::optional<std::uint64_t> after) {
  return std::make_unique<Cursor>(*this, after.value_or(last_id_));
}

std::vector<api::EventRow> EventLog::recent(const std::string& name, std::size_t most) const {
  std::vector<api::EventRow> rows;
  for (auto row = ring_.rbegin(); row != ring_.rend() && rows.size() < most; ++row) {
    if (name.empty() || row->name == name) rows.push_back(*row);
  }
  std::ranges::reverse(rows);
  return rows;
}

}  // namespace foster::supervisor
