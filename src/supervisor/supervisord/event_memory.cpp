#include "supervisor/supervisord/event_memory.hpp"

#include <cerrno>
#include <exception>

#include <boost/json.hpp>

namespace foster::supervisor::supervisord {
namespace {

namespace json = boost::json;

constexpr int kVersion = 1;

json::object write(const compat::PooledEvent& event) {
  return {{"type", name_of(event.event.type)},
          {"payload", event.event.payload},
          {"serial", event.serial},
          {"pool_serial", event.pool_serial}};
}

json::object write(const ListenerMemory& listener) {
  const compat::Listener::Memory& said = listener.conversation;
  json::object object{{"state", static_cast<int>(said.state)},
                      {"unread", said.unread},
                      {"result", said.result},
                      {"may_repeat_itself", said.may_repeat_itself},
                      {"is_sending", listener.is_sending},
                      {"heard", listener.heard}};
  if (said.missing) object["missing"] = *said.missing;
  if (listener.event) object["event"] = write(*listener.event);
  return object;
}

json::array write(const logs::OutputMark& mark) {
  return {mark.stream, mark.end};
}

json::object write(const PoolMemory& pool) {
  json::array buffer;
  for (const compat::PooledEvent& event : pool.buffer) buffer.push_back(write(event));
  json::object listeners;
  for (const auto& [service, listener] : pool.listeners) listeners[service] = write(listener);
  return {{"next_serial", pool.next_serial}, {"buffer", std::move(buffer)}, {"listeners", std::move(listeners)}};
}

// Reading throws where something is missing or is of another kind.

std::string text(const json::value& value) {
  return std::string(value.as_string());
}

compat::PooledEvent read_event(const json::value& value) {
  const auto type = compat::event_type_from(value.at("type").as_string());
  if (!type) throw std::runtime_error("no such event");
  return {.event = {*type, text(value.at("payload"))},
          .serial = value.at("serial").to_number<std::uint64_t>(),
          .pool_serial = value.at("pool_serial").to_number<std::uint64_t>()};
}

ListenerMemory read_listener(const json::value& value) {
  ListenerMemory listener;
  listener.conversation = {.state = static_cast<compat::ListenerState>(value.at("state").to_number<std::int16_t>()),
                           .unread = text(value.at("unread")),
                           .result = text(value.at("result")),
                           .may_repeat_itself = value.at("may_repeat_itself").as_bool()};
  listener.is_sending = value.at("is_sending").as_bool();
  listener.heard = text(value.at("heard"));
  const json::object& object = value.as_object();
  if (const auto* missing = object.if_contains("missing")) {
    listener.conversation.missing = missing->to_number<std::uint64_t>();
  }
  if (const auto* event = object.if_contains("event")) listener.event = read_event(*event);
  return listener;
}

logs::OutputMark read_mark(const json::value& value) {
  return {.stream = value.at(0).to_number<std::uint64_t>(), .end = value.at(1).to_number<std::uint64_t>()};
}

PoolMemory read_pool(const json::value& value) {
  PoolMemory pool{.next_serial = value.at("next_serial").to_number<std::uint64_t>()};
  for (const json::value& event : value.at("buffer").as_array()) pool.buffer.push_back(read_event(event));
  for (const auto& [service, listener] : value.at("listeners").as_object()) {
    pool.listeners[service] = read_listener(listener);
  }
  return pool;
}

EventMemory read(const json::value& value) {
  if (value.at("version").to_number<int>() != kVersion) throw std::runtime_error("another version");
  EventMemory memory{.next_serial = value.at("next_serial").to_number<std::uint64_t>(),
                     .last_row = value.at("last_row").to_number<std::uint64_t>()};
  for (const auto& [name, when] : value.at("ticks").as_object()) {
    if (const auto type = compat::event_type_from(name)) memory.ticks[*type] = when.to_number<std::int64_t>();
  }
  for (const auto& [service, process] : value.at("processes").as_object()) {
    memory.processes[service] = {
        .state = static_cast<compat::ProcessState>(process.at("state").to_number<std::int16_t>()),
        .tries = process.at("tries").to_number<unsigned>(),
        .pid = process.at("pid").to_number<std::int64_t>()};
  }
  const json::value* outputs = value.as_object().if_contains("outputs");  // an older foster has none
  for (const auto& [service, marks] : outputs != nullptr ? outputs->as_object() : json::object()) {
    memory.outputs[service] = {.out = read_mark(marks.at("out")), .err = read_mark(marks.at("err"))};
  }
  for (const auto& [name, pool] : value.at("pools").as_object()) memory.pools[name] = read_pool(pool);
  return memory;
}

}  // namespace

std::string to_json(const EventMemory& memory) {
  json::object ticks;
  for (const auto& [type, when] : memory.ticks) ticks[name_of(type)] = when;
  json::object processes;
  for (const auto& [service, told] : memory.processes) {
    processes[service] = {{"state", static_cast<int>(told.state)}, {"tries", told.tries}, {"pid", told.pid}};
  }
  json::object outputs;
  for (const auto& [service, marks] : memory.outputs) {
    outputs[service] = {{"out", write(marks.out)}, {"err", write(marks.err)}};
  }
  json::object pools;
  for (const auto& [name, pool] : memory.pools) pools[name] = write(pool);
  return json::serialize(json::object{{"version", kVersion},
                                      {"next_serial", memory.next_serial},
                                      {"last_row", memory.last_row},
                                      {"ticks", std::move(ticks)},
                                      {"processes", std::move(processes)},
                                      {"outputs", std::move(outputs)},
                                      {"pools", std::move(pools)}});
}

Result<EventMemory> event_memory_from(std::string_view text) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // what listeners write may be anything
  try {
    return read(json::parse(text, {}, options));
  } catch (const std::exception& error) {
    return failure("read", EBADMSG, std::string("what event listeners were told: ") + error.what());
  }
}

}  // namespace foster::supervisor::supervisord
