#include "story.hpp"

#include <array>
#include <charconv>

#include "dice.hpp"

namespace foster::sim {
namespace {

struct Word {
  Deed deed;
  char letter;
  unsigned weight;  // of 100
  unsigned a;       // the numbers are below these
  unsigned b;
  std::string_view text;
};

constexpr std::array kWords{
    Word{Deed::advance, 'a', 34, 3000, 1, "milliseconds pass"},
    Word{Deed::jump, 'j', 3, 60000, 1, "milliseconds of sleep"},
    Word{Deed::start, 's', 8, 12, 1, "start glob"},
    Word{Deed::stop, 't', 9, 12, 1, "stop glob"},
    Word{Deed::restart, 'r', 7, 12, 1, "restart glob"},
    Word{Deed::crash, 'c', 13, 16, 300, "a main process ends: run, code"},
    Word{Deed::lose_readiness, 'l', 3, 16, 1, "readiness is lost: run"},
    Word{Deed::fail_spawns, 'f', 3, 4, 1, "spawns fail"},
    Word{Deed::notify, 'n', 5, 16, 4, "a service says something: run, what"},
    Word{Deed::reload, 'm', 4, 1000, 1, "the configuration changes"},
    Word{Deed::lose_supervisor, 'k', 7, 6, 2, "the supervisor is lost after actions, or (1) records"},
    Word{Deed::repeat, 'p', 3, 16, 1, "a fact is told again: run"},
    Word{Deed::shut_down, 'x', 1, 3, 1, "shut down with code"},
};

const Word& word_of(Deed deed) {
  return kWords[static_cast<std::size_t>(deed)];
}

std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

Op make_op(Dice& dice) {
  unsigned at = dice.throw_one(100);
  for (const Word& word : kWords) {
    if (at < word.weight) {
      unsigned a = dice.throw_one(word.a);
      // Short times are as interesting as long ones.
      if (word.deed == Deed::advance && dice.throw_under(50)) a %= 60;
      return {word.deed, a, dice.throw_one(word.b)};
    }
    at -= word.weight;
  }
  return {Deed::advance, 1, 0};
}

}  // namespace

Story make_story(std::uint64_t seed, unsigned steps) {
  Story story{seed, {}};
  Dice dice(roll(seed, 's'));
  for (unsigned n = 0; n < steps; ++n) story.ops.push_back(make_op(dice));
  return story;
}

std::string to_text(const Story& story) {
  std::string text = std::to_string(story.seed) + ":";
  for (const Op& op : story.ops) {
    if (text.back() != ':') text += ',';
    text += word_of(op.deed).letter + std::to_string(op.a);
    if (op.b != 0) text += "." + std::to_string(op.b);
  }
  return text;
}

std::optional<Story> story_from_text(std::string_view text) {
  Story story;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, story.seed);
  if (error != std::errc{} || end != text.data() + colon) return std::nullopt;
  text.remove_prefix(colon + 1);
  while (!text.empty()) {
    if (text.front() == ',') text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    const Word* found = nullptr;
    for (const Word& word : kWords) {
      if (word.letter == text.front()) found = &word;
    }
    if (found == nullptr) return std::nullopt;
    text.remove_prefix(1);
    const auto a = take_number(text);
    if (!a) return std::nullopt;
    Op op{found->deed, *a, 0};
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      const auto b = take_number(text);
      if (!b) return std::nullopt;
      op.b = *b;
    }
    story.ops.push_back(op);
  }
  return story;
}

std::string describe(const Op& op) {
  const Word& word = word_of(op.deed);
  std::string text(word.text);
  text += " " + std::to_string(op.a);
  if (word.b > 1) text += ", " + std::to_string(op.b);
  return text;
}

}  // namespace foster::sim
