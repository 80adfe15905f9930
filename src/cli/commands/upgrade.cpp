#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "api/json_codec.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "sys/clock.hpp"

namespace foster::cli::commands {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kPatience = 10s;
constexpr int kPauseMilliseconds = 5;

bool is_same_file(const std::string& path, const std::string& other) {
  struct stat one{};
  struct stat two{};
  return ::stat(path.c_str(), &one) == 0 && ::stat(other.c_str(), &two) == 0 && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino;
}

bool runs(std::int64_t pid, const std::string& program) {
  return is_same_file("/proc/" + std::to_string(pid) + "/exe", program);
}

/// Both processes go on as the program: what /proc says, not what they say.
bool has_taken_over(const Target& target, const std::string& program, std::int64_t old_supervisor) {
  const auto reply = Client(target.directories).get("/v1/info");
  const auto info = reply ? read_info(reply->body) : std::nullopt;
  return info && info->supervisor != old_supervisor && runs(info->reaper, program) && runs(info->supervisor, program);
}

bool wait_for_takeover(const Target& target, const std::string& program, std::int64_t old_supervisor) {
  const auto deadline = sys::monotonic_now() + kPatience;
  while (!has_taken_over(target, program, old_supervisor)) {
    if (sys::monotonic_now() > deadline) return false;
    (void)::poll(nullptr, 0, kPauseMilliseconds);  // nobody could tell us: both are replaced
  }
  return true;
}

}  // namespace

ExitCode upgrade(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> wanted;
  options.operand(wanted, "PROGRAM");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  std::error_code error;
  const std::string program = std::filesystem::canonical(wanted.value_or("/proc/self/exe"), error);
  if (error) {
    context.complain("cannot upgrade: {}: {}", wanted.value_or("/proc/self/exe"), error.message());
    return ExitCode::failed;
  }
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const auto before = ask_or_complain(context, *target, {.target = "/v1/info"});
  if (!before) return before.error();
  const auto info = read_info(before->body);
  if (!info) return complain_about(context, *before);
  const auto reply = ask_or_complain(
      context, *target,
      {.method = "POST", .target = "/v1/upgrade", .body = api::encode(api::UpgradeRequest{.program = program})},
      Repeat::never);
  if (!reply) return reply.error();
  const auto upgraded = read_upgraded(reply->body);
  if (!upgraded) return complain_about(context, *reply);
  if (!wait_for_takeover(*target, program, info->supervisor)) {
    context.complain("{} was tried and is good, but foster does not go on as it; the old build carries on", program);
    return ExitCode::failed;
  }
  if (context.wants_json) {
    context.out.print("{}\n", reply->body);
  } else {
    context.out.print("{}: version {} took over from {}; no service was touched\n", target->name, upgraded->to,
                      upgraded->from);
  }
  return ExitCode::done;
}

}  // namespace foster::cli::commands
