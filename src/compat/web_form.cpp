#include "compat/web_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace foster::compat {
namespace {

bool is_plain(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").contains(static_cast<char>(c));
}

// "http://host:1/path" is of "host:1".
std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

}  // namespace

std::string url_decoded(std::string_view text, char plus) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* at = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(at, at + 2, byte, 16).ptr == at + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? plus : text[i];
    }
  }
  return out;
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_plain(static_cast<unsigned char>(c))) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

WebForm::WebForm(std::string_view text) {
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    const auto equals = std::min(field.find('='), field.size());
    const std::string_view value = field.substr(std::min(equals + 1, field.size()));
    fields_.emplace_back(url_decoded(field.substr(0, equals), ' '), url_decoded(value, ' '));
  }
}

std::string_view WebForm::value(std::string_view name) const {
  const auto found =
      std::ranges::find(fields_, name, [](const auto& field) -> std::string_view { return field.first; });
  return found != fields_.end() ? std::string_view(found->second) : std::string_view();
}

bool is_from_elsewhere(const WebSender& sender) {
  if (!sender.fetch_site.empty() && sender.fetch_site != "same-origin" && sender.fetch_site != "none") return true;
  if (!sender.origin.empty()) return host_of(sender.origin) != sender.host;
  if (!sender.referer.empty()) return host_of(sender.referer) != sender.host;
  if (!sender.fetch_site.empty()) return false;
  return sender.user_agent.starts_with("Mozilla/");
}

}  // namespace foster::compat
