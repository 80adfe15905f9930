#include "supervisor/line_matcher.hpp"

#include <cerrno>
#include <regex>
#include <utility>

namespace foster::supervisor {
namespace {
// std::regex recurses per character: an endless line must not become an endless stack.
constexpr std::size_t kMaxLine = 8 * 1024;
}  // namespace

struct LineMatcher::Pattern {
  std::regex regex;
};

Result<LineMatcher> LineMatcher::make(const std::string& pattern) {
  try {
    return LineMatcher(std::make_unique<Pattern>(std::regex(pattern, std::regex::ECMAScript | std::regex::optimize)));
  } catch (const std::regex_error& error) {
    return failure("compile", EINVAL, pattern);
  }
}

LineMatcher::LineMatcher(std::unique_ptr<Pattern> pattern) : pattern_(std::move(pattern)) {}
LineMatcher::LineMatcher(LineMatcher&&) noexcept = default;
LineMatcher& LineMatcher::operator=(LineMatcher&&) noexcept = default;
LineMatcher::~LineMatcher() = default;

bool LineMatcher::matches() const {
  try {
    return std::regex_search(line_, pattern_->regex);
  } catch (const std::regex_error&) {
    return false;  // too complex for this line
  }
}

bool LineMatcher::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    line_.append(part.substr(0, kMaxLine - std::min(kMaxLine, line_.size())));
    if (end == std::string_view::npos) return matches();
    if (matches()) return true;
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace foster::supervisor
