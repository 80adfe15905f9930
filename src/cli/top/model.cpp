#include "cli/top/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/json_codec.hpp"
#include "cli/top/frame.hpp"
#include "cli/top/keymap.hpp"
#include "config/utf8.hpp"

namespace foster::cli::top {
namespace {

constexpr char32_t kCtrlL = 0x0C;

// Keys that are letters as well as arrows.
Key::Kind movement_of(const Key& key) {
  if (key == Key{Key::Kind::character, 'k'}) return Key::Kind::up;
  if (key == Key{Key::Kind::character, 'j'}) return Key::Kind::down;
  return key.kind;
}

Order after(Order order) {
  return order == Order::restarts ? Order::config : static_cast<Order>(static_cast<int>(order) + 1);
}

}  // namespace

void Model::resize(Size size) {
  size_ = size;
  listing_.set_height(frame_of(size, Shows::services).body_rows);
  if (page_) page_->set_size(frame_of(size, Shows::page).body_rows, size.columns);
}

void Model::take(std::vector<Row> rows, Samples::Moment moment, WallTime now) {
  samples_.take(rows, moment);
  listing_.take(std::move(rows), samples_);
  now_ = now;
  lost_.clear();
  has_answer_ = true;
}

void Model::show(Page page) {
  page_ = std::move(page);
  resize(size_);
}

std::string Model::question() const {
  if (!asked_) return {};
  const bool is_all = asked_->names == std::vector<std::string>{"*"};
  const std::size_t count = is_all ? listing_.all().size() : asked_->names.size();
  return fmt::format("{} {}{} services? y/n", api::to_string(asked_->verb), is_all ? "all " : "", count);
}

std::size_t Model::screenful() const {
  return std::max<std::size_t>(frame_of(size_, page_ ? Shows::page : Shows::services).body_rows, 1);
}

std::optional<Wish> Model::press(const Key& key) {
  if (key == Key{Key::Kind::character, kCtrlL}) return wish::Repaint{};
  if (asked_) return answer_question(key);
  message_.reset();
  if (is_typing_) {
    press_in_search(key);
    return std::nullopt;
  }
  return page_ ? press_in_page(key) : press_in_list(key);
}

std::optional<Wish> Model::answer_question(const Key& key) {
  wish::Change asked = *std::exchange(asked_, std::nullopt);
  if (key == Key{Key::Kind::character, 'y'} || key == Key{Key::Kind::character, 'Y'}) {
    listing_.clear_marks();
    return asked;
  }
  message_ = {Message::Tone::told, fmt::format("nothing was asked to {}", api::to_string(asked.verb))};
  return std::nullopt;
}

std::optional<Wish> Model::ask_for(api::Verb verb) {
  std::vector<std::string> names = listing_.meant();
  if (names.empty()) return std::nullopt;
  const bool are_several = names.size() > 1;
  if (are_several && names.size() == listing_.all().size()) names = {"*"};
  wish::Change change{.verb = verb, .names = std::move(names)};
  if (are_several && verb != api::Verb::start) {
    asked_ = std::move(change);
    return std::nullopt;
  }
  listing_.clear_marks();
  return change;
}

std::optional<Wish> Model::press_in_list(const Key& key) {
  const auto page_rows = static_cast<std::ptrdiff_t>(screenful());
  switch (movement_of(key)) {
    case Key::Kind::up:
      return listing_.move(-1), std::nullopt;
    case Key::Kind::down:
      return listing_.move(1), std::nullopt;
    case Key::Kind::page_up:
      return listing_.move(-page_rows), std::nullopt;
    case Key::Kind::page_down:
      return listing_.move(page_rows), std::nullopt;
    case Key::Kind::home:
      return listing_.move_to(0), std::nullopt;
    case Key::Kind::end:
      return listing_.move_to(listing_.all().size()), std::nullopt;
    case Key::Kind::escape:
      listing_.clear_marks();
      return listing_.set_filter({}), std::nullopt;
    case Key::Kind::left:
    case Key::Kind::right:
    case Key::Kind::backspace:
      return std::nullopt;
    case Key::Kind::enter:
    case Key::Kind::character:
      break;
  }
  const Row* selected = listing_.selected_row();
  switch (key.kind == Key::Kind::enter ? U'w' : key.character) {
    case 'q':
      return wish::Quit{};
    case '?':
    case 'h':
      page_.emplace("Keys of foster top", Page::Begin::at_the_top);
      page_->append(help_page());
      is_help_ = true;
      return resize(size_), std::nullopt;
    case 's':
      return ask_for(api::Verb::start);
    case 'x':
      return ask_for(api::Verb::stop);
    case 'r':
      return ask_for(api::Verb::restart);
    case 'l':
      return selected != nullptr ? Answer(wish::ShowLog{selected->name}) : std::nullopt;
    case 'w':
      return selected != nullptr ? Answer(wish::ShowWhy{selected->name}) : std::nullopt;
    case 'o':
      listing_.set_order(after(listing_.order()), samples_);
      message_ = {Message::Tone::told, fmt::format("ordered by {}", to_string(listing_.order()))};
      return std::nullopt;
    case '/':
      is_typing_ = true;
      return listing_.set_filter({}), std::nullopt;
    case ' ':
      return listing_.toggle_mark(), std::nullopt;
    case 'a':
      return listing_.toggle_all(), std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Wish> Model::close_page() {
  page_.reset();
  if (std::exchange(is_help_, false)) return std::nullopt;
  return wish::ClosePage{};
}

std::optional<Wish> Model::press_in_page(const Key& key) {
  const auto page_rows = static_cast<std::ptrdiff_t>(screenful());
  switch (movement_of(key)) {
    case Key::Kind::up:
      return page_->move(-1), std::nullopt;
    case Key::Kind::down:
    case Key::Kind::enter:
      return page_->move(1), std::nullopt;
    case Key::Kind::page_up:
      return page_->move(-page_rows), std::nullopt;
    case Key::Kind::page_down:
      return page_->move(page_rows), std::nullopt;
    case Key::Kind::home:
      return page_->move_to_top(), std::nullopt;
    case Key::Kind::end:
      return page_->move_to_end(), std::nullopt;
    case Key::Kind::escape:
      return close_page();
    case Key::Kind::left:
    case Key::Kind::right:
    case Key::Kind::backspace:
      return std::nullopt;
    case Key::Kind::character:
      break;
  }
  if (key.character == 'q') return close_page();
  if (key.character == ' ') page_->move(page_rows);
  return std::nullopt;
}

void Model::press_in_search(const Key& key) {
  std::string filter = listing_.filter();
  switch (key.kind) {
    case Key::Kind::enter:
      is_typing_ = false;
      return;
    case Key::Kind::escape:
      is_typing_ = false;
      filter.clear();
      break;
    case Key::Kind::backspace:
      // A whole character, however many bytes it has.
      while (!filter.empty() && (static_cast<unsigned char>(filter.back()) & 0xC0U) == 0x80) filter.pop_back();
      if (!filter.empty()) filter.pop_back();
      break;
    case Key::Kind::character:
      if (config::is_control(key.character)) return;
      config::append_utf8(filter, key.character);
      break;
    default:
      return;
  }
  listing_.set_filter(std::move(filter));
}

}  // namespace foster::cli::top
