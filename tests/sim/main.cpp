// foster_sim: tells many stories to the core, and says which one breaks it.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "core/mutation.hpp"
#include "mutation_names.hpp"
#include "simulation.hpp"

namespace {

struct Options {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 20'000;
  unsigned steps = 60;
  bool shrink = true;
  std::string mutation;
  std::optional<foster::sim::Story> replay;
};

constexpr std::string_view kUsage =
    "usage: foster_sim [--seeds N] [--seed FIRST] [--steps N] [--mutation NAME] [--shrink|--no-shrink] [--replay "
    "STORY]\n"
    "Tells N made-up stories, of so many steps each, to the core and checks all invariants after each step.\n"
    "Exit codes: 0 all is well, 1 an invariant was broken (the shortest story found is printed), 2 usage.\n";

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_option(std::string_view name, std::string_view value, Options& options) {
  if (name == "--seeds") return read_number(value, options.seeds);
  if (name == "--seed") return read_number(value, options.first_seed);
  if (name == "--steps") return read_number(value, options.steps);
  if (name == "--replay") return (options.replay = foster::sim::story_from_text(value)).has_value();
  if (name == "--mutation") {
    const auto mutation = foster::sim::mutation_from_name(value);
    if (mutation) foster::core::active_mutation = *mutation;
    options.mutation = value;
    return mutation.has_value();
  }
  return false;
}

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  for (int n = 1; n < argc; ++n) {
    const std::string_view name = argv[n];
    if (name == "--shrink" || name == "--no-shrink") {
      options.shrink = name == "--shrink";
      continue;
    }
    if (++n >= argc || !read_option(name, argv[n], options)) return std::nullopt;
  }
  return options;
}

void print_failure(const foster::sim::Story& story, const foster::sim::Outcome& outcome, const Options& options) {
  const auto shortest = options.shrink ? foster::sim::shrink(story, outcome) : story;
  const std::string mutation = options.mutation.empty() ? "" : "--mutation " + options.mutation + " ";
  std::fputs(foster::sim::report(shortest, mutation).c_str(), stdout);
}

int replay(const Options& options) {
  const auto outcome = foster::sim::run(*options.replay);
  if (outcome.violations.empty()) {
    std::puts("no invariant is broken");
    return 0;
  }
  Options as_it_is = options;
  as_it_is.shrink = false;
  print_failure(*options.replay, outcome, as_it_is);
  return 1;
}

int tell_stories(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  unsigned long steps = 0;
  for (std::uint64_t n = 0; n < options.seeds; ++n) {
    const auto story = foster::sim::make_story(options.first_seed + n, options.steps);
    const auto outcome = foster::sim::run(story);
    steps += outcome.steps;
    if (outcome.violations.empty()) continue;
    std::printf("seed %llu, after %llu that were well:\n", static_cast<unsigned long long>(story.seed),
                static_cast<unsigned long long>(n));
    print_failure(story, outcome, options);
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu seeds, %lu steps, every invariant after each: all well (%.1f s)\n",
              static_cast<unsigned long long>(options.seeds), steps, took.count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  if (!options) {
    std::fputs(kUsage.data(), stderr);
    return 2;
  }
  return options->replay ? replay(*options) : tell_stories(*options);
}
