#include "config/supervisord/kept.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
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

// Beside these, the groups that are active.
template <class Visit>
void each_field(Visit& visit, Is<Kept> auto& it) {
  visit("stage", it.stage);
  visit("config", it.config);
  visit("added_since", it.added_since);
}

namespace {

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

template <class T>
concept Enumeration = std::is_enum_v<T>;

// Values that share the memory of the outermost.
struct Writer {
  explicit Writer(json::storage_ptr memory) : object(std::move(memory)) { object.reserve(kUsualFields); }

  template <class Field>
  void operator()(std::string_view name, const Field& field) {
    object.emplace(name, value(field));
  }

  [[nodiscard]] json::value value(const std::string& text) const { return json::value(text, object.storage()); }
  [[nodiscard]] json::value value(bool is_set) const { return json::value(is_set, object.storage()); }
  [[nodiscard]] json::value value(Number auto number) const { return json::value(number, object.storage()); }
  [[nodiscard]] json::value value(Enumeration auto word) const {
    return json::value(static_cast<int>(word), object.storage());
  }
  [[nodiscard]] json::value value(const Signal& signal) const { return json::value(signal.number(), object.storage()); }
  [[nodiscard]] json::value value(const std::pair<std::string, std::string>& both) const {
    json::array array(object.storage());
    array.reserve(2);
    array.emplace_back(both.first);
    array.emplace_back(both.second);
    return array;
  }

  template <class T>
  [[nodiscard]] json::value value(const std::optional<T>& maybe) const {
    return maybe ? value(*maybe) : json::value(nullptr, object.storage());
  }

  template <class T>
  [[nodiscard]] json::value value(const std::shared_ptr<const T>& shared) const {
    return value(*shared);
  }

  template <class T>
  [[nodiscard]] json::value value(const std::vector<T>& many) const {
    json::array array(object.storage());
    array.reserve(many.size());
    for (const T& one : many) array.push_back(value(one));
    return array;
  }

  [[nodiscard]] json::value value(const std::map<std::string, std::string, std::less<>>& many) const {
    json::object fields(object.storage());
    for (const auto& [name, text] : many) fields.emplace(name, text);
    return fields;
  }

  template <class T>
    requires requires(Writer writer, const T& it) { each_field(writer, it); }
  [[nodiscard]] json::value value(const T& it) const {
    Writer writer(object.storage());
    each_field(writer, it);
    return std::move(writer.object);
  }

  static constexpr std::size_t kUsualFields = 24;
  json::object object;
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
  static void read(const json::value& from, std::shared_ptr<const T>& shared) {
    auto made = std::make_shared<T>();
    read(from, *made);
    shared = std::move(made);
  }

  template <class T>
    requires requires(Reader reader, T& it) { each_field(reader, it); }
  static void read(const json::value& from, T& it) {
    Reader reader{from.as_object()};
    each_field(reader, it);
  }
};

// A group that is active as it is available is named; others are written out.
json::value active_of(const Kept& kept, const Writer& writer) {
  json::array array(writer.object.storage());
  array.reserve(kept.active.size());
  for (const auto& group : kept.active) {
    const bool is_available = std::ranges::find(kept.config.groups, group) != kept.config.groups.end();
    array.push_back(is_available ? writer.value(group->name) : writer.value(*group));
  }
  return array;
}

void read_active(const json::value& from, Kept& kept) {
  for (const json::value& one : from.as_array()) {
    auto& group = kept.active.emplace_back();
    if (!one.is_string()) {
      Reader::read(one, group);
      continue;
    }
    const auto found = std::ranges::find(kept.config.groups, std::string_view(one.get_string()),
                                         [](const auto& available) { return std::string_view(available->name); });
    if (found == kept.config.groups.end()) throw std::out_of_range("no such group");
    group = *found;
  }
}

template <class T>
std::expected<T, std::string> from_json(std::string_view text) {
  try {
    T it;
    json::monotonic_resource memory;
    const json::value all = json::parse(text, &memory);
    (void)all.at("config");  // none of ours is without it
    Reader::read(all, it);
    if constexpr (std::is_same_v<T, Kept>) read_active(all.at("active"), it);
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
  const Writer writer{json::storage_ptr()};
  return json::serialize(writer.value(start));
}

std::string to_json(const Kept& kept) {
  json::monotonic_resource memory;
  Writer writer(&memory);
  each_field(writer, kept);
  writer.object.emplace("active", active_of(kept, writer));
  return json::serialize(writer.object);
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
  json::monotonic_resource memory;
  const Writer writer(&memory);
  return writer.value(left) == writer.value(right);
}

}  // namespace foster::config::supervisord
