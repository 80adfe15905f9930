// The services on the screen: in which order, which of them are looked for, which one is selected, and which are
// marked. What is selected or marked is a name, so it stays the same service when the order changes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "cli/replies.hpp"
#include "cli/top/samples.hpp"

namespace foster::cli::top {

enum class Order : std::uint8_t {
  config,  ///< As foster tells them.
  name,
  state,  ///< What needs somebody first.
  cpu,
  memory,
  restarts,
};
[[nodiscard]] std::string_view to_string(Order order);

class Listing {
 public:
  /// What is so now. The samples tell who uses the processor most.
  void take(std::vector<Row> rows, const Samples& samples);
  void set_order(Order order, const Samples& samples);
  [[nodiscard]] Order order() const { return order_; }
  /// Shows only those whose names contain this.
  void set_filter(std::string filter);
  [[nodiscard]] const std::string& filter() const { return filter_; }

  /// How many rows the screen has for them; keeps the selected one among those.
  void set_height(std::size_t rows);
  void move(std::ptrdiff_t rows);
  void move_to(std::size_t index);

  /// Marks the selected one, or takes its mark away, and goes on to the next.
  void toggle_mark();
  /// Marks all that are shown; when they are already, none.
  void toggle_all();
  void clear_marks() { marks_.clear(); }

  /// Those that are shown, in order, as places in `all`.
  [[nodiscard]] const std::vector<std::size_t>& shown() const { return shown_; }
  [[nodiscard]] const std::vector<Row>& all() const { return rows_; }
  [[nodiscard]] const Row& row(std::size_t index) const { return rows_[shown_[index]]; }
  [[nodiscard]] std::size_t first() const { return first_; }        ///< Of those shown, at the top of the screen.
  [[nodiscard]] std::size_t selected() const { return selected_; }  ///< Of those shown.
  /// Null when nothing is shown.
  [[nodiscard]] const Row* selected_row() const { return selected_ < shown_.size() ? &row(selected_) : nullptr; }
  [[nodiscard]] bool is_marked(const std::string& name) const { return marks_.contains(name); }
  [[nodiscard]] const std::set<std::string>& marks() const { return marks_; }
  /// Whom an action is about: the marked, or else the selected one.
  [[nodiscard]] std::vector<std::string> meant() const;

 private:
  void arrange(const Samples& samples);
  void find_selected_again();
  void keep_in_sight();

  std::vector<Row> rows_;
  std::vector<std::size_t> order_of_rows_;
  std::vector<std::size_t> shown_;
  std::set<std::string> marks_;
  std::string filter_;
  std::string selected_name_;
  Order order_ = Order::config;
  std::size_t selected_ = 0;
  std::size_t first_ = 0;
  std::size_t height_ = 0;
};

}  // namespace foster::cli::top
