// Finds a line that matches, in bytes that arrive in pieces of any size.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <foster/result.hpp>

namespace foster::supervisor {

class LineMatcher {
 public:
  /// ECMAScript. The config has compiled it once already, so an error here is a second guard.
  [[nodiscard]] static Result<LineMatcher> make(const std::string& pattern);

  LineMatcher(LineMatcher&&) noexcept;
  LineMatcher& operator=(LineMatcher&&) noexcept;
  ~LineMatcher();

  /// True when a line that ended in, or is still going on after, these bytes matches. Lines are cut
  /// at 8 KiB: a longer one is judged by its beginning.
  [[nodiscard]] bool feed(std::string_view bytes);

 private:
  struct Pattern;
  explicit LineMatcher(std::unique_ptr<Pattern> pattern);

  [[nodiscard]] bool matches() const;

  std::unique_ptr<Pattern> pattern_;
  std::string line_;
};

}  // namespace foster::supervisor
