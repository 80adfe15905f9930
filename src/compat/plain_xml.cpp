#include "compat/plain_xml.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "compat/xml_text.hpp"

namespace foster::compat {
namespace {

using Kind = PlainXml::Kind;

constexpr std::string_view kDeclarations[] = {
    "<?xml version='1.0'?>",
    "<?xml version=\"1.0\"?>",
    "<?xml version='1.0' encoding='UTF-8'?>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
    "<?xml version='1.0' encoding='utf-8'?>",
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
};

constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
    {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"},
};

constexpr auto kOfNames = [] {
  std::array<bool, 256> all{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.")) {
    all.at(static_cast<std::size_t>(c)) = true;
  }
  return all;
}();

std::string_view name_at(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && kOfNames[static_cast<unsigned char>(text[size])]) ++size;
  const bool may_begin = size > 0 && text.front() > '9';
  return text.substr(0, may_begin ? size : 0);
}

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\t';
}

}  // namespace

PlainXml::PlainXml(std::string_view document) : rest_(document) {
  const auto* declared =
      std::ranges::find_if(kDeclarations, [&](std::string_view one) { return document.starts_with(one); });
  if (declared != std::end(kDeclarations)) rest_.remove_prefix(declared->size());
}

PlainXml::Token PlainXml::next() {
  if (is_empty_element_) return close();
  if (open_.empty()) {
    rest_.remove_prefix(static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_blank) - rest_.begin()));
    if (rest_.empty()) return {had_root_ ? Kind::done : Kind::unknown};
    if (had_root_ || !rest_.starts_with('<')) return {Kind::unknown};
  }
  if (!rest_.starts_with('<')) return next_text();
  return rest_.starts_with("</") ? next_end() : next_start();
}

PlainXml::Token PlainXml::next_start() {
  const std::string_view name = name_at(rest_.substr(1));
  const std::string_view after = rest_.substr(1 + name.size());
  is_empty_element_ = after.starts_with("/>");
  if (name.empty() || (!is_empty_element_ && !after.starts_with('>'))) return {Kind::unknown};
  rest_ = after.substr(is_empty_element_ ? 2 : 1);
  had_root_ = true;
  open_.push_back(name);
  return {Kind::start, name};
}

PlainXml::Token PlainXml::next_end() {
  if (open_.empty()) return {Kind::unknown};
  const std::string_view name = open_.back();
  const std::string_view text = rest_.substr(2);
  if (!text.starts_with(name) || !text.substr(name.size()).starts_with('>')) return {Kind::unknown};
  rest_ = text.substr(name.size() + 1);
  return close();
}

PlainXml::Token PlainXml::close() {
  is_empty_element_ = false;
  open_.pop_back();
  return {Kind::end};
}

PlainXml::Token PlainXml::next_text() {
  if (const std::size_t size = plain_size(rest_); size > 0) {
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return {Kind::text, text};
  }
  const auto* entity = std::ranges::find_if(kEntities, [&](const auto& one) { return rest_.starts_with(one.first); });
  if (entity == std::end(kEntities)) return {Kind::unknown};
  rest_.remove_prefix(entity->first.size());
  return {Kind::text, entity->second};
}

}  // namespace foster::compat
