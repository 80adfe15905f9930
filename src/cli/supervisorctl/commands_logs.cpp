// Commands that show what was written: tail, maintail.
#include "cli/supervisorctl/commands.hpp"
#include "cli/supervisorctl/growing_log.hpp"
#include "cli/supervisorctl/interrupt.hpp"
#include "cli/supervisorctl/words.hpp"
#include "config/supervisord/text.hpp"

namespace foster::cli::supervisorctl {
namespace {

using enum compat::FaultCode;

constexpr std::int32_t kUsualBytes = 1600;

// How much is wanted of a log: "-f" or "-N".
struct Extent {
  bool is_followed = false;
  std::int32_t bytes = kUsualBytes;
};

std::optional<Extent> extent_of(std::string_view option) {
  option.remove_prefix(1);
  if (option == "f") return Extent{.is_followed = true};
  const auto bytes = number_of(option);
  return bytes ? std::optional(Extent{.bytes = *bytes}) : std::nullopt;
}

Answer<> complain(Session& session, std::string_view what) {
  session.say("Error: {}", what);
  session.status = Status::generic;
  return {};
}

Answer<> complain_and_help(Session& session, std::string_view what, std::string_view action) {
  (void)complain(session, what);
  say_help(session, action);
  return {};
}

Answer<> follow(Session& session, std::string path) {
  session.say("==> Press Ctrl-C to exit <==");
  session.out.flush();
  const CatchInterrupts catcher;
  GrowingLog log(session, std::move(path));
  while (!log.is_over()) {
    pollfd readable{log.fd().get(), POLLIN, 0};
    if (wait_for({&readable, 1}) == Wait::interrupted) {
      session.say("");
      return {};
    }
    log.pump();
  }
  return {};
}

Answer<> show(Session& session, std::string_view method, compat::Array parameters, std::string_view name) {
  const auto text = session.remote.call(method, std::move(parameters));
  if (text) {
    session.say(text_of(*text));
    return {};
  }
  session.status = Status::generic;
  const Trouble& trouble = text.error();
  if (trouble.is(no_file)) {
    session.say("{}: ERROR (no log file)", name);
  } else if (trouble.is(failed)) {
    session.say("{}: ERROR (unknown error reading log)", name);
  } else if (trouble.is(bad_name)) {
    session.say("{}: ERROR (no such process name)", name);
  } else {
    return std::unexpected(trouble);
  }
  return {};
}

}  // namespace

Answer<> tail(Session& session, const std::string& arguments) {
  const auto up = session.is_up();
  if (!up || !*up) return up ? Answer<>{} : std::unexpected(up.error());
  auto words = words_of(arguments);
  if (words.empty()) return complain_and_help(session, "too few arguments", "tail");
  if (words.size() > 3) return complain_and_help(session, "too many arguments", "tail");
  std::string option;
  if (words.front().starts_with('-')) {
    option = words.front();
    words.erase(words.begin());
  }
  if (words.empty()) return complain(session, "tail requires process name");
  const std::string channel = words.size() == 1 ? "stdout" : config::supervisord::lower(words.back());
  if (channel != "stdout" && channel != "stderr") return complain(session, "bad channel " + in_quotes(channel));
  const auto extent = option.empty() ? Extent{} : extent_of(option);
  if (!extent) return complain(session, "bad argument " + option);
  const std::string& name = words.front();
  if (extent->is_followed) return follow(session, fmt::format("/logtail/{}/{}", name, channel));
  return show(session, channel == "stdout" ? "readProcessStdoutLog" : "readProcessStderrLog", {name, -extent->bytes, 0},
              name);
}

Answer<> maintail(Session& session, const std::string& arguments) {
  const auto up = session.is_up();
  if (!up || !*up) return up ? Answer<>{} : std::unexpected(up.error());
  const auto words = words_of(arguments);
  if (words.size() > 1) return complain_and_help(session, "too many arguments", "maintail");
  std::optional<Extent> extent = Extent{};
  if (!words.empty()) {
    extent = words.front().starts_with('-') ? extent_of(words.front()) : std::nullopt;
    if (!extent) return complain(session, "bad argument " + words.front());
  }
  if (extent->is_followed) return follow(session, "/mainlogtail");
  return show(session, "readLog", {-extent->bytes, 0}, "supervisord");
}

}  // namespace foster::cli::supervisorctl
