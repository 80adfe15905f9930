#include "cli/top/listing.hpp"

#include <algorithm>
#include <numeric>

namespace foster::cli::top {
namespace {

// What somebody should look at comes first.
int urgency(core::State state) {
  switch (state) {
    case core::State::failed:
      return 0;
    case core::State::backoff:
      return 1;
    case core::State::stopping:
      return 2;
    case core::State::starting:
      return 3;
    case core::State::waiting:
      return 4;
    case core::State::running:
      return 5;
    case core::State::exited:
      return 6;
    case core::State::stopped:
      return 7;
  }
  return 8;
}

}  // namespace

std::string_view to_string(Order order) {
  switch (order) {
    case Order::config:
      return "config";
    case Order::name:
      return "name";
    case Order::state:
      return "state";
    case Order::cpu:
      return "cpu";
    case Order::memory:
      return "memory";
    case Order::restarts:
      return "restarts";
  }
  return "";
}

void Listing::take(std::vector<Row> rows, const Samples& samples) {
  rows_ = std::move(rows);
  std::erase_if(marks_,
                [&](const std::string& name) { return std::ranges::find(rows_, name, &Row::name) == rows_.end(); });
  arrange(samples);
}

void Listing::set_order(Order order, const Samples& samples) {
  order_ = order;
  arrange(samples);
}

void Listing::arrange(const Samples& samples) {
  order_of_rows_.resize(rows_.size());
  std::iota(order_of_rows_.begin(), order_of_rows_.end(), 0);
  const auto sort_by = [&](const auto& less) {
    std::ranges::stable_sort(order_of_rows_, [&](std::size_t a, std::size_t b) { return less(rows_[a], rows_[b]); });
  };
  switch (order_) {
    case Order::config:
      break;
    case Order::name:
      sort_by([](const Row& a, const Row& b) { return a.name < b.name; });
      break;
    case Order::state:
      sort_by([](const Row& a, const Row& b) { return urgency(a.state) < urgency(b.state); });
      break;
    case Order::cpu: {
      std::vector<double> used;
      for (const Row& row : rows_) used.push_back(samples.percent(row.name).value_or(-1));
      std::ranges::stable_sort(order_of_rows_, [&](std::size_t a, std::size_t b) { return used[a] > used[b]; });
      break;
    }
    case Order::memory:
      sort_by([](const Row& a, const Row& b) { return a.memory.value_or(0) > b.memory.value_or(0); });
      break;
    case Order::restarts:
      sort_by([](const Row& a, const Row& b) { return a.restarts > b.restarts; });
      break;
  }
  set_filter(filter_);
}

void Listing::set_filter(std::string filter) {
  filter_ = std::move(filter);
  shown_.clear();
  for (const std::size_t index : order_of_rows_) {
    if (rows_[index].name.find(filter_) != std::string::npos) shown_.push_back(index);
  }
  find_selected_again();
}

void Listing::find_selected_again() {
  for (std::size_t index = 0; index < shown_.size(); ++index) {
    if (row(index).name == selected_name_) selected_ = index;
  }
  selected_ = shown_.empty() ? 0 : std::min(selected_, shown_.size() - 1);
  // One that a search hides is selected again after it; one that is gone gives its place to the next.
  const bool is_hidden = !filter_.empty() && !selected_name_.empty();
  if (!shown_.empty() && !is_hidden) selected_name_ = row(selected_).name;
  keep_in_sight();
}

void Listing::set_height(std::size_t rows) {
  height_ = rows;
  keep_in_sight();
}

void Listing::keep_in_sight() {
  const std::size_t height = std::max<std::size_t>(height_, 1);
  if (selected_ < first_) first_ = selected_;
  if (selected_ >= first_ + height) first_ = selected_ + 1 - height;
  // No empty lines below the last while there are others above.
  first_ = std::min(first_, shown_.size() > height ? shown_.size() - height : 0);
}

void Listing::move(std::ptrdiff_t rows) {
  const auto place = static_cast<std::ptrdiff_t>(selected_) + rows;
  move_to(static_cast<std::size_t>(std::max<std::ptrdiff_t>(place, 0)));
}

void Listing::move_to(std::size_t index) {
  if (shown_.empty()) return;
  selected_ = std::min(index, shown_.size() - 1);
  selected_name_ = row(selected_).name;
  keep_in_sight();
}

void Listing::toggle_mark() {
  const Row* selected = selected_row();
  if (selected == nullptr) return;
  if (marks_.erase(selected->name) == 0) marks_.insert(selected->name);
  move(1);
}

void Listing::toggle_all() {
  const bool all_are = std::ranges::all_of(shown_, [&](std::size_t index) { return is_marked(rows_[index].name); });
  for (const std::size_t index : shown_) {
    all_are ? void(marks_.erase(rows_[index].name)) : void(marks_.insert(rows_[index].name));
  }
}

std::vector<std::string> Listing::meant() const {
  if (!marks_.empty()) return {marks_.begin(), marks_.end()};
  const Row* selected = selected_row();
  return selected != nullptr ? std::vector{selected->name} : std::vector<std::string>{};
}

}  // namespace foster::cli::top
