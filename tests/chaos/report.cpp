#include "report.hpp"

#include <cstdio>

namespace foster::chaos {

void Report::find(const std::string& rule, const std::string& what) {
  const std::scoped_lock lock(mutex_);
  findings_.push_back(rule + ": " + what);
  std::printf("FOUND %s\n", findings_.back().c_str());
  std::fflush(stdout);
}

void Report::count(const std::string& what, std::uint64_t by) {
  const std::scoped_lock lock(mutex_);
  counts_[what] += by;
}

void Report::say(const std::string& line) {
  const std::scoped_lock lock(mutex_);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

bool Report::is_clean() const {
  const std::scoped_lock lock(mutex_);
  return findings_.empty();
}

std::uint64_t Report::counted(const std::string& what) const {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(what);
  return found != counts_.end() ? found->second : 0;
}

void Report::print() const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [what, number] : counts_) {
    std::printf("%12llu  %s\n", static_cast<unsigned long long>(number), what.c_str());
  }
  std::printf("%zu findings\n", findings_.size());
  for (const std::string& finding : findings_) std::printf("  %s\n", finding.c_str());
  std::fflush(stdout);
}

}  // namespace foster::chaos
