#include "config/schema_command.hpp"

#include <array>

#include <fmt/format.h>

#include "config/shell_words.hpp"

namespace foster::config {

namespace {

constexpr std::string_view kShell = "/bin/sh";

std::vector<std::string> shell_argv(std::string_view text) {
  return {std::string(kShell), "-c", std::string(text)};
}

bool is_shell_argv(const std::vector<std::string>& argv) {
  return argv.size() == 3 && argv[0] == kShell && argv[1] == "-c";
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Comments, here-documents and substitutions have quotes of their own, which only the shell can match.
bool has_open_quote(std::string_view text) {
  return text.find_first_of("#<$`") == std::string_view::npos && !split_words(text);
}

std::optional<bool> wanted_shell(const RawTable& siblings) {
  const Raw* raw = siblings.find("shell");
  const bool* value = raw == nullptr ? nullptr : raw->as<bool>();
  return value == nullptr ? std::nullopt : std::optional(*value);
}

void read_list(Reader& reader, const Raw& raw, std::optional<bool> shell, core::Service& service) {
  auto argv = reader.texts(raw);
  if (!argv) return;
  if (argv->empty() || argv->front().empty()) return reader.error(raw.where(), "the command is empty");
  // ["/bin/sh", "-c", …] is what a text through a shell becomes, and how such a service is stored.
  if (shell == true && !is_shell_argv(*argv)) {
    return reader.error(raw.where(), "a list is run directly, without a shell",
                        "write the command as text, or leave out shell = true");
  }
  service.argv = std::move(*argv);
  service.command_text = join_words(service.argv);
  service.shell = shell == true;
}

void read_string(Reader& reader, const Raw& raw, std::optional<bool> shell, core::Service& service) {
  const auto text = reader.text(raw);
  if (!text) return;
  if (is_blank(*text)) return reader.error(raw.where(), "the command is empty");
  if (shell.value_or(needs_shell(*text))) {
    // Better said now than by the shell at every start.
    if (!shell && has_open_quote(*text)) {
      return reader.error(raw.where(), "a quote in the command is not closed", "write the command as a list");
    }
    service.argv = shell_argv(*text);
    service.shell = true;
  } else {
    auto argv = split_words(*text);
    if (!argv) return reader.error(raw.where(), "a quote in the command is not closed", "write the command as a list");
    if (argv->empty() || argv->front().empty()) return reader.error(raw.where(), "the command is empty");
    service.argv = std::move(*argv);
    service.shell = false;
  }
  service.command_text = *text;
}

// How `command` is written: the text where reading it gives the argv back, otherwise the list.
enum class Form { list, text };

Form form_of(const core::Service& service) {
  if (service.shell) {
    const bool is_text = !is_blank(service.command_text) && service.argv == shell_argv(service.command_text);
    return is_text ? Form::text : Form::list;
  }
  if (service.command_text == join_words(service.argv)) return Form::list;
  return split_words(service.command_text) == service.argv ? Form::text : Form::list;
}

}  // namespace

void read_command(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service) {
  const auto shell = wanted_shell(siblings);
  if (raw.as<RawArray>() != nullptr) {
    read_list(reader, raw, shell, service);
  } else if (raw.as<std::string>() != nullptr) {
    read_string(reader, raw, shell, service);
  } else {
    reader.expected("a list of texts, or text", raw);
  }
}

void read_shell(Reader& reader, const Raw& raw, const RawTable&, core::Service&) {
  (void)reader.boolean(raw);
}

void read_command_text(Reader& reader, const Raw& raw, const RawTable&, core::Service& service) {
  if (auto text = reader.text(raw)) service.command_text = std::move(*text);
}

std::optional<Raw> write_command(const core::Service& service) {
  if (form_of(service) == Form::text) return Raw(service.command_text);
  RawArray words;
  for (const std::string& word : service.argv) words.emplace_back(word);
  return Raw(std::move(words));
}

std::optional<Raw> write_shell(const core::Service& service) {
  if (form_of(service) == Form::list) return service.shell ? std::optional(Raw(true)) : std::nullopt;
  const bool is_plain = needs_shell(service.command_text) == service.shell && !has_open_quote(service.command_text);
  if (is_plain) return std::nullopt;
  return Raw(service.shell);
}

std::optional<Raw> write_command_text(const core::Service& service) {
  if (form_of(service) == Form::text || service.command_text == join_words(service.argv)) return std::nullopt;
  return Raw(service.command_text);
}

}  // namespace foster::config
