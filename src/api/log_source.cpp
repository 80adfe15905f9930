#include "api/log_source.hpp"

#include <algorithm>

#include "api/event_stream.hpp"
#include "api/json_writer.hpp"
#include "core/glob.hpp"

namespace foster::api {
namespace {

// A line longer than this becomes several events: nobody's output may fill the supervisor's memory.
constexpr std::size_t kLongestLine = 65'536;
constexpr std::size_t kEventBatch = 64;

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

Answer<std::vector<FoundLog>> find_logs(ControlService& service, const std::vector<LogPattern>& patterns) {
  std::vector<std::string> instances;
  for (const LogPattern& pattern : patterns) instances.push_back(pattern.instances);
  const auto rows = service.list(instances);
  if (!rows) return std::unexpected(rows.error());
  const auto is_meant = [&](const InstanceRow& row, core::Stream stream) {
    return patterns.empty() || std::ranges::any_of(patterns, [&](const LogPattern& pattern) {
             return pattern.wants(stream) && (core::matches_glob(pattern.instances, row.view.service) ||
                                              core::matches_glob(pattern.instances, row.view.name));
           });
  };
  std::vector<FoundLog> found;
  for (const InstanceRow& row : *rows) {
    if (is_meant(row, core::Stream::out)) found.push_back({row.view.name, core::Stream::out, !row.log.empty()});
    if (row.stderr_log.empty() || !is_meant(row, core::Stream::err)) continue;
    found.push_back({row.view.name, core::Stream::err});
  }
  if (found.empty() && !patterns.empty()) {
    return std::unexpected(Problem{Problem::Kind::failed, "stderr is not kept apart (stderr-log)", {}});
  }
  return found;
}

void LogSource::add(std::string name, std::unique_ptr<LogCursor> cursor, const LogPosition& from) {
  auto reader = std::make_unique<Reader>();
  reader->name = std::move(name);
  // Another position than the one asked for: what was there is no longer kept, and nothing may be skipped.
  reader->skip = !from.token.empty() && cursor->position() == from.token ? from.seen : 0;
  reader->cursor = std::move(cursor);
  readers_.push_back(std::move(reader));
}

void LogSource::follow_new_ones(ControlService& service, std::vector<LogPattern> patterns,
                                std::map<std::string, LogPosition> from) {
  from_ = std::move(from);
  service_ = &service;
  patterns_ = std::move(patterns);
  events_ = service.follow_events(std::nullopt);
}

BodySource::Progress LogSource::read(std::string& out, std::size_t most, std::string& extension) {
  if (events_ && !events_armed_) look_for_new_ones();
  for (std::size_t tried = 0; tried < readers_.size(); ++tried) {
    Reader& reader = *readers_[turn_ % readers_.size()];
    turn_ = (turn_ + 1) % readers_.size();
    if (reader.has_more && read_one(reader, out, most, extension)) return Progress::data;
  }
  return after_the_end_ == AfterTheEnd::follow ? Progress::idle : Progress::end;
}

bool LogSource::read_one(Reader& reader, std::string& out, std::size_t most, std::string& extension) {
  const std::size_t before = out.size();
  std::string bytes;
  while (out.size() == before) {
    const std::string token = reader.cursor->position();
    bytes.clear();
    if (!reader.cursor->read(bytes, most)) {
      reader.has_more = false;
      // The last line has no newline, and none will come.
      if (after_the_end_ == AfterTheEnd::stop && !reader.partial.empty()) append_line(reader, {}, out);
      return out.size() > before;
    }
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(reader.skip, bytes.size()));
    reader.skip -= skipped;
    if (format_ == LogFormat::events) {
      append_lines(reader, std::string_view(bytes).substr(skipped), {token, skipped}, out);
    } else {
      out.append(bytes, skipped);
    }
  }
  if (format_ == LogFormat::bytes) {
    extension = ";name=" + in_quotes(reader.name);
    const std::string position = reader.cursor->position();
    if (!position.empty()) extension += ";position=" + in_quotes(position);
  }
  return true;
}

void LogSource::append_line(Reader& reader, std::string_view id, std::string& out) {
  JsonWriter json;
  json.begin_object().key("name").string(reader.name).key("text").string(reader.partial).end_object();
  append_event(out, id, "line", json.text());
  reader.partial.clear();
}

void LogSource::append_lines(Reader& reader, std::string_view bytes, const LogPosition& begin, std::string& out) {
  std::size_t consumed = 0;
  while (consumed < bytes.size()) {
    const auto newline = bytes.find('\n', consumed);
    const bool is_whole = newline != std::string_view::npos;
    const std::size_t length = (is_whole ? newline : bytes.size()) - consumed;
    reader.partial += bytes.substr(consumed, length);
    consumed += length + (is_whole ? 1 : 0);
    if (!is_whole && reader.partial.size() < kLongestLine) continue;
    // Only where one instance is read does an id say where to go on.
    const bool has_id = !begin.token.empty() && !events_;
    append_line(reader, has_id ? to_string(LogPosition{begin.token, begin.seen + consumed}) : "", out);
  }
}

void LogSource::when_more(std::move_only_function<void()> more) {
  more_ = std::move(more);
  for (const auto& reader : readers_) {
    if (reader->has_more || reader->is_armed) continue;
    reader->is_armed = true;
    reader->cursor->when_more([this, one = reader.get()] {
      one->is_armed = false;
      one->has_more = true;
      fire();
    });
  }
  if (events_ && !events_armed_) {
    events_armed_ = true;
    events_->when_more([this] {
      events_armed_ = false;
      fire();
    });
  }
}

void LogSource::fire() {
  if (auto more = std::exchange(more_, nullptr)) more();
}

bool LogSource::is_known(std::string_view name) const {
  return std::ranges::any_of(readers_, [&](const auto& reader) { return reader->name == name; }) ||
         std::ranges::find(ignored_, name) != ignored_.end();
}

void LogSource::look_for_new_ones() {
  bool is_new = false;
  for (;;) {
    const auto rows = events_->next(kEventBatch);
    if (rows.empty()) break;
    for (const EventRow& row : rows) is_new = is_new || !is_known(row.name);
  }
  if (!is_new) return;
  const auto logs = find_logs(*service_, patterns_);
  if (!logs) return;
  for (const FoundLog& log : *logs) {
    const std::string name = log_name(log.instance, log.stream);
    if (is_known(name)) continue;
    const LogPosition& from = from_[name];
    auto cursor = service_->open_log({.name = log.instance, .stream = log.stream, .resume = from.token});
    cursor ? add(name, std::move(*cursor), from) : ignore(name);
  }
}

}  // namespace foster::api
