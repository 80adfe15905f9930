#include "cli/top/samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace foster::cli::top {

void Samples::take(const std::vector<Row>& rows, Moment now) {
  if (last_ && now - *last_ < closest_) return;
  const std::optional<double> seconds =
      last_ ? std::optional(std::chrono::duration<double>(now - *last_).count()) : std::nullopt;
  last_ = now;
  for (auto& [name, track] : tracks_) track.is_seen = false;
  for (const Row& row : rows) {
    Track& track = tracks_[row.name];
    track.is_seen = true;
    // Another process begins at nothing; its total is not compared with that of the one before.
    const bool is_same = track.total && row.cpu && track.pid == row.pid && seconds;
    track.has_rate = is_same;
    if (seconds) track.rates.push_back(is_same ? std::max((*row.cpu - *track.total) / *seconds * 100, 0.0) : 0);
    if (track.rates.size() > kKept) track.rates.pop_front();
    track.total = row.cpu;
    track.pid = row.pid;
  }
  std::erase_if(tracks_, [](const auto& one) { return !one.second.is_seen; });
}

std::optional<double> Samples::percent(const std::string& name) const {
  const auto found = tracks_.find(name);
  if (found == tracks_.end() || !found->second.has_rate) return std::nullopt;
  return found->second.rates.back();
}

std::vector<double> Samples::recent(const std::string& name) const {
  const auto found = tracks_.find(name);
  if (found == tracks_.end()) return {};
  return {found->second.rates.begin(), found->second.rates.end()};
}

std::string sparkline(const std::vector<double>& percents, std::size_t width) {
  constexpr std::array<std::string_view, 9> kBars{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t count = std::min(percents.size(), width);
  const auto begin = percents.end() - static_cast<std::ptrdiff_t>(count);
  double top = 100;
  for (auto value = begin; value != percents.end(); ++value) top = std::max(top, *value);
  std::string text(width - count, ' ');
  for (auto value = begin; value != percents.end(); ++value) {
    // Whatever is more than nothing is seen.
    const double eighths = *value < 0.05 ? 0 : std::ceil(*value / top * 8);
    text += kBars[static_cast<std::size_t>(eighths)];
  }
  return text;
}

}  // namespace foster::cli::top
