#include "cli/options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <charconv>

#include "cli/help.hpp"

namespace foster::cli {

struct OptionSet::Impl {
  Impl(Context& given_context, const Command& given_command)
      : context(given_context), command(given_command), app("", std::string(given_command.name)) {
    app.set_help_flag();
  }

  // One option that takes a value; `take` says what is wrong with it, or nothing.
  template <class Take>
  CLI::Option* add(const std::string& names, std::string type, std::string help, Take take) {
    shown.push_back({.names = names, .type = std::move(type), .help = std::move(help)});
    return app.add_option(names, [names, take](const CLI::results_t& results) {
      for (const std::string& result : results) {
        if (const std::string wrong = take(result); !wrong.empty()) throw CLI::ValidationError(names, wrong);
      }
      return true;
    });
  }

  Context& context;
  const Command& command;
  CLI::App app;
  std::vector<OptionHelp> shown;
  std::vector<std::string>* rest = nullptr;
  bool wants_help = false;
};

OptionSet::OptionSet(Context& context, const Command& command) : impl_(std::make_unique<Impl>(context, command)) {
  impl_->app.add_flag("-h,--help", impl_->wants_help);
}

OptionSet::~OptionSet() = default;

void OptionSet::flag(const std::string& names, bool& value, std::string help) {
  impl_->shown.push_back({.names = names, .type = {}, .help = std::move(help)});
  impl_->app.add_flag(names, value);
}

void OptionSet::text(const std::string& names, std::optional<std::string>& value, std::string type, std::string help) {
  impl_
      ->add(names, std::move(type), std::move(help),
            [&value](const std::string& given) {
              value = given;
              return std::string();
            })
      ->take_last();
}

void OptionSet::texts(const std::string& names, std::vector<std::string>& values, std::string type, std::string help) {
  impl_
      ->add(names, std::move(type), std::move(help),
            [&values](const std::string& given) {
              values.push_back(given);
              return std::string();
            })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void OptionSet::number(const std::string& names, std::optional<std::uint64_t>& value, std::string help) {
  impl_
      ->add(names, "N", std::move(help),
            [&value](const std::string& given) {
              std::uint64_t number = 0;
              const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
              if (error != std::errc{} || end != given.data() + given.size()) return given + " is not a number";
              value = number;
              return std::string();
            })
      ->take_last();
}

void OptionSet::json() {
  flag("--json", impl_->context.wants_json, "Print JSON, for programs");
}

void OptionSet::operand(std::optional<std::string>& value, std::string name) {
  impl_->app.add_option_function<std::string>(std::move(name), [&value](const std::string& given) { value = given; });
}

void OptionSet::operands(std::vector<std::string>& values, std::string name) {
  impl_->app.add_option(std::move(name), values);
}

void OptionSet::command_line(std::vector<std::string>& words) {
  impl_->rest = &words;
  impl_->app.prefix_command();
}

std::optional<ExitCode> OptionSet::parse(Arguments arguments) {
  Context& context = impl_->context;
  text("--name", context.name, "NAME", "Which foster is meant");
  std::optional<std::string> colour;
  text("--color", colour, "WHEN", "auto, always or never");
  impl_->shown.push_back({.names = "-h,--help", .type = {}, .help = "Explain this command"});

  std::vector<std::string> words;
  std::size_t count = 0;
  if (impl_->rest != nullptr) {
    while (count < arguments.size() && std::string_view(arguments[count]) != "--") ++count;
    for (std::size_t i = count + 1; i < arguments.size(); ++i) impl_->rest->emplace_back(arguments[i]);
  } else {
    count = arguments.size();
  }
  for (std::size_t i = 0; i < count; ++i) words.emplace_back(arguments[i]);
  if (words == std::vector{std::string(kListOptions)}) {
    context.out.write(option_names(impl_->shown));
    return ExitCode::done;
  }
  const auto wrong = [&](std::string_view what) {
    context.complain("{}; see: foster {} --help", what, impl_->command.name);
    return ExitCode::usage;
  };
  try {
    std::ranges::reverse(words);  // as CLI11 wants them
    impl_->app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }
  if (impl_->wants_help) {
    context.out.write(command_help(impl_->command, impl_->shown));
    return ExitCode::done;
  }
  if (impl_->rest != nullptr) {
    auto early = impl_->app.remaining();
    if (!early.empty() && early.front().starts_with('-')) return wrong("unknown option " + early.front());
    impl_->rest->insert(impl_->rest->begin(), early.begin(), early.end());
  }
  if (colour && *colour != "auto" && *colour != "always" && *colour != "never") {
    return wrong("--color is auto, always or never");
  }
  if (colour) {
    context.colour = *colour == "always"  ? ColourWhen::always
                     : *colour == "never" ? ColourWhen::never
                                          : ColourWhen::automatic;
  }
  return std::nullopt;
}

}  // namespace foster::cli
