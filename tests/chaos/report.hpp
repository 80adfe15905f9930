// What was found wrong, and how much was looked at.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace foster::chaos {

/// @threads Any.
class Report {
 public:
  /// Something is not as it must be. Said at once, and kept.
  void find(const std::string& rule, const std::string& what);
  /// Counts what was done or checked.
  void count(const std::string& what, std::uint64_t by = 1);
  /// A line for whoever follows.
  void say(const std::string& line);

  [[nodiscard]] bool is_clean() const;
  [[nodiscard]] std::uint64_t counted(const std::string& what) const;
  /// All counts, then all findings.
  void print() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
  std::vector<std::string> findings_;
};

}  // namespace foster::chaos
