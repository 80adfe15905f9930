#include "logs/system_log_lines.hpp"

namespace foster::logs {
namespace {
constexpr std::size_t kPart = 6 * 1024;
}

void SystemLogLines::add(std::string_view text) {
  begun_ += text;
  std::string_view rest = begun_;
  for (;;) {
    const auto end = rest.substr(0, kPart + 1).find('\n');
    if (end == std::string_view::npos && rest.size() <= kPart) break;
    const std::size_t size = end == std::string_view::npos ? kPart : end;
    send(rest.substr(0, size));
    rest.remove_prefix(end == std::string_view::npos ? size : size + 1);
  }
  begun_.erase(0, begun_.size() - rest.size());
}

void SystemLogLines::finish() {
  if (!begun_.empty()) send(begun_);
  begun_.clear();
}

}  // namespace foster::logs
