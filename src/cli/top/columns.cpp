#include "cli/top/columns.hpp"

#include <algorithm>
#include <array>

namespace foster::cli::top {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kMarks = 2;  // before the name: which is selected, and which are marked
constexpr std::size_t kShortName = 16;
constexpr std::size_t kLeastGraph = 8;
constexpr std::size_t kWideGraph = 24;
constexpr std::size_t kLeastWhy = 20;

struct Wanted {
  Field field;
  std::size_t width;
};
// The most important first.
constexpr std::array<Wanted, 7> kWanted{{{Field::state, 8},
                                         {Field::cpu, 6},
                                         {Field::memory, 8},
                                         {Field::graph, kLeastGraph},
                                         {Field::restarts, 8},
                                         {Field::uptime, 7},
                                         {Field::pid, 7}}};

}  // namespace

std::string_view title_of(Field field) {
  switch (field) {
    case Field::name:
      return "NAME";
    case Field::state:
      return "STATE";
    case Field::pid:
      return "PID";
    case Field::cpu:
      return "CPU";
    case Field::graph:
      return "LATELY";
    case Field::memory:
      return "MEMORY";
    case Field::restarts:
      return "RESTARTS";
    case Field::uptime:
      return "UPTIME";
    case Field::why:
      return "WHY";
  }
  return "";
}

bool is_right_aligned(Field field) {
  return field == Field::pid || field == Field::cpu || field == Field::memory || field == Field::restarts ||
         field == Field::uptime;
}

std::vector<Column> choose_columns(std::size_t width, std::size_t longest_name) {
  std::size_t spare = width > kMarks ? width - kMarks : 0;
  longest_name = std::max(longest_name, title_of(Field::name).size());
  const std::size_t short_name = std::min({longest_name, kShortName, spare});
  std::vector<Column> columns{{Field::name, kMarks, short_name}};
  spare -= short_name;
  for (const Wanted& wanted : kWanted) {
    if (spare < wanted.width + kGap) break;
    columns.push_back({wanted.field, 0, wanted.width});
    spare -= wanted.width + kGap;
  }
  const std::size_t longer = std::min(spare, longest_name - short_name);
  columns.front().width += longer;
  spare -= longer;
  const auto graph = std::ranges::find(columns, Field::graph, &Column::field);
  const bool has_graph = graph != columns.end();
  if (spare >= kLeastWhy + kGap) {
    const std::size_t more = has_graph ? std::min(spare - kLeastWhy - kGap, kWideGraph - kLeastGraph) : 0;
    if (has_graph) graph->width += more;
    columns.push_back({Field::why, 0, spare - more - kGap});
  } else if (has_graph) {
    graph->width += spare;
  }
  std::ranges::sort(columns, {}, &Column::field);
  std::size_t begin = kMarks;
  for (Column& column : columns) {
    column.begin = begin;
    begin += column.width + kGap;
  }
  return columns;
}

}  // namespace foster::cli::top
