#include "cli/top/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/top/columns.hpp"
#include "cli/top/frame.hpp"
#include "cli/top/keymap.hpp"
#include "cli/why_page.hpp"

namespace foster::cli::top {
namespace {

constexpr Style kHeading{.colour = Colour::none, .is_bold = true, .is_reversed = false};
constexpr Style kAlarm{.colour = Colour::red, .is_bold = true, .is_reversed = false};
constexpr Style kDim{.colour = Colour::grey, .is_bold = false, .is_reversed = false};

std::string percent_text(std::optional<double> percent) {
  if (!percent) return "-";
  return *percent < 99.95 ? fmt::format("{:.1f}%", *percent) : fmt::format("{:.0f}%", *percent);
}

// "3 services: 2 running, 1 failed", what needs somebody last, as the eye ends there.
std::string count_text(const Listing& listing) {
  std::array<std::size_t, 8> counts{};
  for (const Row& row : listing.all()) ++counts[static_cast<std::size_t>(row.state) % counts.size()];
  const std::size_t all = listing.all().size();
  std::string text = fmt::format("{} service{}", all, all == 1 ? "" : "s");
  const char* separator = ": ";
  for (const core::State state :
       {core::State::running, core::State::stopped, core::State::exited, core::State::waiting, core::State::starting,
        core::State::stopping, core::State::backoff, core::State::failed}) {
    const std::size_t count = counts[static_cast<std::size_t>(state) % counts.size()];
    if (count == 0) continue;
    text += fmt::format("{}{} {}", separator, count, core::to_string(state));
    separator = ", ";
  }
  return text;
}

std::string total_text(const Model& model) {
  double cpu = 0;
  std::uint64_t memory = 0;
  bool has_cpu = false;
  for (const Row& row : model.listing().all()) {
    const auto percent = model.samples().percent(row.name);
    has_cpu = has_cpu || percent;
    cpu += percent.value_or(0);
    memory += row.memory.value_or(0);
  }
  return fmt::format("cpu {}  memory {}", percent_text(has_cpu ? std::optional(cpu) : std::nullopt), size_text(memory));
}

class Drawing {
 public:
  Drawing(const Model& model, Size size) : model_(model), grid_(size) {}

  Grid list(const Frame& frame) {
    const Listing& listing = model_.listing();
    columns_ = choose_columns(grid_.size().columns, longest_name());
    if (frame.title) title(*frame.title);
    if (frame.heading) heading(*frame.heading);
    const std::size_t count =
        std::min(frame.body_rows, listing.shown().size() - std::min(listing.first(), listing.shown().size()));
    for (std::size_t n = 0; n < count; ++n) row(frame.body + n, listing.first() + n);
    if (listing.shown().empty() && frame.body_rows > 0) nothing(frame.body);
    if (frame.help) help(*frame.help, help_line(grid_.size().columns));
    message_line(frame);
    return std::move(grid_);
  }

  Grid page(const Frame& frame, const Page& page) {
    if (frame.title) grid_.put(*frame.title, 0, fitting(page.title()), kHeading);
    const auto lines = page.shown();
    for (std::size_t n = 0; n < lines.size(); ++n) grid_.put(frame.body + n, 0, lines[n]);
    if (frame.help) help(*frame.help, fitting("q back  up down pgup pgdn home end  scroll"));
    return std::move(grid_);
  }

 private:
  [[nodiscard]] std::size_t longest_name() const {
    std::size_t longest = 0;
    for (const Row& row : model_.listing().all()) longest = std::max(longest, display_width(printable(row.name)));
    return longest;
  }

  [[nodiscard]] std::string fitting(std::string_view text) const {
    return shortened(printable(text), grid_.size().columns);
  }

  void title(std::size_t row) {
    if (!model_.lost().empty()) {
      grid_.put(row, 0, fitting(model_.lost()), kAlarm);
      return;
    }
    const std::string left = fmt::format("foster {}  {}", model_.foster(), count_text(model_.listing()));
    const std::size_t used = grid_.put(row, 0, fitting(left), kHeading);
    const std::string right = total_text(model_);
    const std::size_t columns = grid_.size().columns;
    if (used + 2 + right.size() <= columns) grid_.put(row, columns - right.size(), right);
  }

  void heading(std::size_t row) {
    for (const Column& column : columns_) put(row, column, title_of(column.field), kHeading);
  }

  void put(std::size_t row, const Column& column, std::string_view text, Style style) {
    const std::string shown = shortened(printable(text), column.width);
    const std::size_t blanks = is_right_aligned(column.field) ? column.width - display_width(shown) : 0;
    grid_.put(row, column.begin + blanks, shown, style, column.begin + column.width);
  }

  void row(std::size_t at, std::size_t index) {
    const Listing& listing = model_.listing();
    const Row& row = listing.row(index);
    const bool is_selected = index == listing.selected();
    if (is_selected) grid_.put(at, 0, ">");
    if (listing.is_marked(row.name)) grid_.put(at, 1, "*", kHeading);
    for (const Column& column : columns_) {
      Style style;
      if (column.field == Field::state) style.colour = colour_of(row.state);
      if (column.field == Field::graph) style.colour = Colour::green;
      put(at, column, text_of(row, column), style);
    }
    if (is_selected) grid_.paint_row(at, {.colour = Colour::none, .is_bold = false, .is_reversed = true});
  }

  [[nodiscard]] std::string text_of(const Row& row, const Column& column) const {
    const bool is_alive = core::may_be_alive(row.state);
    switch (column.field) {
      case Field::name:
        return row.name;
      case Field::state:
        return std::string(core::to_string(row.state));
      case Field::pid:
        return row.pid ? std::to_string(*row.pid) : "-";
      case Field::cpu:
        return percent_text(model_.samples().percent(row.name));
      case Field::graph:
        return sparkline(model_.samples().recent(row.name), column.width);
      case Field::memory:
        return row.memory ? size_text(*row.memory) : "-";
      case Field::restarts:
        return std::to_string(row.restarts);
      case Field::uptime:
        return is_alive ? age_text(model_.now() - row.since) : "-";
      case Field::why:
        return reason_text(row, model_.now());
    }
    return {};
  }

  void nothing(std::size_t row) {
    const Listing& listing = model_.listing();
    const std::string text = !model_.has_answer()    ? ""
                             : listing.all().empty() ? model_.foster() + " runs no services"
                                                     : "no service's name contains " + listing.filter();
    grid_.put(row, 2, shortened(printable(text), grid_.size().columns - std::min<std::size_t>(2, grid_.size().columns)),
              kDim);
  }

  void help(std::size_t row, const std::string& text) { grid_.put(row, 0, text, kDim); }

  // On the smallest screens it takes the last row, but only while there is something to say.
  void message_line(const Frame& frame) {
    if (grid_.size().rows == 0) return;
    const std::size_t row = frame.message.value_or(grid_.size().rows - 1);
    const auto say = [&](std::string_view text, Style style) {
      const std::string blanks(grid_.size().columns, ' ');
      grid_.put(row, 0, blanks);
      grid_.put(row, 0, fitting(text), style);
    };
    const Listing& listing = model_.listing();
    if (const std::string question = model_.question(); !question.empty()) return say(question, kHeading);
    if (model_.is_typing()) return say("find: " + listing.filter() + "_", kHeading);
    if (const auto& message = model_.message()) {
      return say(message->text, message->tone == Message::Tone::failed ? kAlarm : kHeading);
    }
    if (!model_.lost().empty()) return say(model_.lost(), kAlarm);
    const Row* selected = listing.selected_row();
    if (!frame.message || selected == nullptr) return;
    const std::string reason = reason_text(*selected, model_.now());
    say(selected->name + (reason.empty() ? "" : ": " + reason), {});
  }

  const Model& model_;
  Grid grid_;
  std::vector<Column> columns_;
};

}  // namespace

Grid draw(const Model& model) {
  const bool is_page = model.page() != nullptr;
  const Frame frame = frame_of(model.size(), is_page ? Shows::page : Shows::services);
  Drawing drawing(model, model.size());
  return is_page ? drawing.page(frame, *model.page()) : drawing.list(frame);
}

Grid draw_all(const Model& model) {
  const std::size_t count = std::max<std::size_t>(model.listing().shown().size(), 1);
  const Size size{.rows = count + 2, .columns = model.size().columns};
  const Frame frame{.title = 0, .heading = 1, .body = 2, .body_rows = count, .message = {}, .help = {}};
  Grid grid = Drawing(model, size).list(frame);
  return grid;
}

}  // namespace foster::cli::top
