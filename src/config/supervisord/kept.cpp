#include "config/supervisord/kept.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "config/supervisord/fields.hpp"

namespace foster::config::supervisord {

namespace json = boost::json;

template <class Visit>
void each_field(Visit& visit, Is<Start> auto& it) {
  visit("config", it.config);
  visit("overrides", it.overrides);
  visit("directory", it.directory);
}

template <class Visit>
void each_field(Visit& visit, Is<Kept> auto& it) {
  visit("stage", it.stage);
  visit("config", it.config);
  visit("active", it.active);
  visit("added_since", it.added_since);
}

namespace {

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

template <class T>
concept Enumeration = std::is_enum_v<T>;

struct Writer {
  json::object object = {};

  template <class Field>
  void operator()(std::string_view name, const Field& field) {
    object[name] = value(field);
  }

  static json::value value(const std::string& text) { return json::value(text); }
  static json::value value(bool is_set) { return json::value(is_set); }
  static json::value value(Number auto number) { return json::value(number); }
  static json::value value(Enumeration auto word) { return json::value(static_cast<int>(word)); }
  static json::value value(const Signal& signal) { return json::value(signal.number()); }
  static json::value value(const std::pair<std::string, std::string>& both) {
    return json::array{json::value(both.first), json::value(both.second)};
  }

  template <class T>
  static json::value value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : json::value(nullptr);
  }

  template <class T>
  static json::value value(const std::vector<T>& many) {
    json::array array;
    for (const T& one : many) array.push_back(value(one));
    return array;
  }

  static json::value value(const std::map<std::string, std::string, std::less<>>& many) {
    json::object object;
    for (const auto& [name, text] : many) object[name] = text;
    return object;
  }

  template <class T>
    requires requires(Writer writer, const T& it) { each_field(writer, it); }
  static json::value value(const T& it) {
    Writer writer;
    each_field(writer, it);
    return std::move(writer.object);
  }
};

// Throws what Boost.JSON throws: a text that is not ours has nothing of use.
struct Reader {
  const json::object& object;

  // What a foster that is older did not know yet is as it is by default.
  template <class Field>
  void operator()(std::string_view name, Field& field) {
    if (const json::value* from = object.if_contains(name)) read(*from, field);
  }

  static void read(const json::value& from, std::string& text) { text = from.as_string(); }
  static void read(const json::value& from, bool& is_set) { is_set = from.as_bool(); }
  template <Number T>
  static void read(const json::value& from, T& number) {
    number = from.to_number<T>();
  }
  template <Enumeration T>
  static void read(const json::value& from, T& word) {
    word = static_cast<T>(from.to_number<int>());
  }
  static void read(const json::value& from, Signal& signal) {
    signal = Signal::from_number(from.to_number<int>()).value();
  }
  static void read(const json::value& from, std::pair<std::string, std::string>& both) {
    read(from.as_array().at(0), both.first);
    read(from.as_array().at(1), both.second);
  }

  template <class T>
  static void read(const json::value& from, std::optional<T>& maybe) {
    maybe.reset();
    if (!from.is_null()) read(from, maybe.emplace());
  }

  template <class T>
  static void read(const json::value& from, std::vector<T>& many) {
    many.clear();
    for (const json::value& one : from.as_array()) read(one, many.emplace_back());
  }

  static void read(const json::value& from, std::map<std::string, std::string, std::less<>>& many) {
    many.clear();
    for (const auto& [name, text] : from.as_object()) many.emplace(name, text.as_string());
  }

  template <class T>
    requires requires(Reader reader, T& it) { each_field(reader, it); }
  static void read(const json::value& from, T& it) {
    Reader reader{from.as_object()};
    each_field(reader, it);
  }
};

template <class T>
std::expected<T, std::string> from_json(std::string_view text) {
  try {
    T it;
    const json::value all = json::parse(text);
    (void)all.at("config");  // none of ours is without it
    Reader::read(all, it);
    return it;
  } catch (const std::exception& error) {
    return std::unexpected(std::string(error.what()));
  }
}

void overlook_automatic(LogFile& one, LogFile& other) {
  const bool is_automatic = one.kind == LogFile::Kind::automatic || other.kind == LogFile::Kind::automatic;
  if (is_automatic) one = other = {};
}

void overlook_owner(Group& group) {
  if (!group.socket) return;
  group.socket->owner.reset();
  group.socket->mode.reset();
  group.socket->backlog.reset();
}

}  // namespace

std::string to_json(const Start& start) {
  return json::serialize(Writer::value(start));
}

std::string to_json(const Kept& kept) {
  return json::serialize(Writer::value(kept));
}

std::expected<Start, std::string> start_from_json(std::string_view text) {
  return from_json<Start>(text);
}

std::expected<Kept, std::string> kept_from_json(std::string_view text) {
  return from_json<Kept>(text);
}

bool is_same(const Group& one, const Group& other) {
  if (one.processes.size() != other.processes.size()) return false;
  Group left = one;
  Group right = other;
  overlook_owner(left);
  overlook_owner(right);
  for (std::size_t at = 0; at < left.processes.size(); ++at) {
    overlook_automatic(left.processes[at].out.file, right.processes[at].out.file);
    overlook_automatic(left.processes[at].err.file, right.processes[at].err.file);
  }
  return Writer::value(left) == Writer::value(right);
}

}  // namespace foster::config::supervisord
