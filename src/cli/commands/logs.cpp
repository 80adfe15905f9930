#include "api/log_name.hpp"
#include "api/target.hpp"
#include "cli/commands/commands.hpp"
#include "cli/line_printer.hpp"
#include "cli/log_follower.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "core/glob.hpp"

namespace foster::cli::commands {
namespace {

// What `-f` begins with, as tail -f does.
constexpr std::uint64_t kLinesBeforeFollowing = 10;

struct Wishes {
  std::vector<std::string> names;
  std::optional<std::uint64_t> lines;
  bool follow = false;
  bool raw = false;
};

ExitCode read_all(Context& context, const Target& target, const Client& client, const Wishes& wishes,
                  const LogFollower::Sink& sink) {
  LogFollower follower(client, {.names = wishes.names, .lines = wishes.lines, .follow = wishes.follow});
  if (auto begun = follower.begin(); !begun) return complain_about(context, target, begun.error());
  const auto state = follower.finish(sink, [&] {
    context.out.flush();
    return context.out.is_broken();
  });
  if (state == LogFollower::State::refused) return complain_about(context, follower.refusal());
  return ExitCode::done;
}

// The instances that are meant, or the exit code after the complaint.
std::expected<std::vector<Row>, ExitCode> rows_of(Context& context, const Target& target, const Wishes& wishes) {
  std::vector<std::string> instances;
  for (const std::string& name : wishes.names) instances.push_back(api::parse_log_pattern(name).instances);
  const auto reply = ask_or_complain(context, target, {.target = with_names("/v1/services", instances)});
  if (!reply) return std::unexpected(reply.error());
  auto rows = read_rows(reply->body);
  if (!rows) return std::unexpected(complain_about(context, *reply));
  return std::move(*rows);
}

// Then its bytes are shown as they are.
bool is_one_log(const std::vector<Row>& rows, const std::vector<std::string>& names) {
  if (rows.size() != 1 || names.size() != 1 || core::is_glob(names.front())) return false;
  return rows.front().stderr_log.empty() || rows.front().log.empty() || api::parse_log_pattern(names.front()).stream;
}

ExitCode show(Context& context, const Target& target, const Wishes& wishes) {
  const auto rows = rows_of(context, target, wishes);
  if (!rows) return rows.error();
  const Client client(target.directories);
  if (rows->size() == 1 && rows->front().log.empty() && rows->front().stderr_log.empty()) {
    context.complain("{} keeps no log (log = \"none\")", rows->front().name);
    return ExitCode::failed;
  }
  if (is_one_log(*rows, wishes.names)) {
    return read_all(context, target, client, wishes,
                    [&](std::string_view, std::string_view bytes) { context.out.write(bytes); });
  }
  if (wishes.raw) {
    const bool is_one = rows->size() == 1;
    is_one ? context.complain("--raw gives the bytes of one log; which: {0}/stdout or {0}/stderr?", rows->front().name)
           : context.complain("--raw gives the bytes of one log, and {} instances are meant", rows->size());
    return ExitCode::usage;
  }
  LinePrinter printer(context.out,
                      context.has_colour(context.out) ? LinePrinter::Colours::on : LinePrinter::Colours::off);
  for (const Row& row : *rows) {
    printer.expect(api::log_name(row.name, row.stderr_log.empty() ? core::Stream::out : core::Stream::err));
  }
  const ExitCode code = read_all(context, target, client, wishes,
                                 [&](std::string_view name, std::string_view bytes) { printer.take(name, bytes); });
  printer.finish();
  return code;
}

}  // namespace

ExitCode logs(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  Wishes wishes;
  options.operands(wishes.names, "NAME");
  options.flag("-f,--follow", wishes.follow, "Go on as it comes, across rotations");
  options.number("-n,--lines", wishes.lines, "Only the last N lines of each (with -f: 10)");
  options.flag("--raw", wishes.raw, "The exact bytes of one instance, rotated files included, oldest first");
  if (const auto code = options.parse(arguments)) return *code;
  if (wishes.raw && wishes.names.size() != 1) {
    context.complain("--raw needs the name of one instance");
    return ExitCode::usage;
  }
  if (wishes.follow && !wishes.lines && !wishes.raw) wishes.lines = kLinesBeforeFollowing;
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  return show(context, *target, wishes);
}

}  // namespace foster::cli::commands
