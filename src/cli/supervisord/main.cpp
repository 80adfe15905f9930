#include "cli/supervisord/main.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <vector>

#include "cli/launch.hpp"
#include "cli/supervisord/become.hpp"
#include "cli/supervisord/command_line.hpp"
#include "cli/supervisord_file.hpp"
#include "config/schema.hpp"
#include "config/supervisord/start.hpp"
#include "config/supervisord/to_model.hpp"
#include "reaper/role_arguments.hpp"
#include "sys/runtime_dir.hpp"

namespace foster::cli::supervisord {
namespace {

namespace fs = std::filesystem;
using config::supervisord::Config;
using config::supervisord::Start;
using Problem = std::unexpected<std::string>;

constexpr int kUsage = 2;
constexpr std::string_view kVersion = "4.2.5";
constexpr unsigned kUmask = 022;

// While it lives, nothing is known of a session that is somebody else's.
class WithoutSession {
 public:
  explicit WithoutSession(bool is_somebody_else) {
    const char* found = std::getenv(kVariable);
    if (!is_somebody_else || found == nullptr) return;
    found_ = found;
    (void)::unsetenv(kVariable);
  }
  ~WithoutSession() {
    if (found_) (void)::setenv(kVariable, found_->c_str(), 1);
  }
  WithoutSession(const WithoutSession&) = delete;
  WithoutSession& operator=(const WithoutSession&) = delete;

 private:
  static constexpr const char* kVariable = "XDG_RUNTIME_DIR";
  std::optional<std::string> found_;
};

// Whoever has become somebody whose home is not known keeps all in one place.
std::expected<sys::Directories, std::string> directories_for(const std::string& name, bool is_somebody_else) {
  const WithoutSession without(is_somebody_else);
  auto directories = sys::directories_for(name, ::geteuid());
  if (!directories) return Problem(to_string(directories.error()));
  if (!sys::prepare_directory(directories->state)) directories->state = directories->runtime + "/state";
  if (!sys::prepare_directory(directories->logs)) directories->logs = directories->runtime + "/log";
  return *directories;
}

std::expected<Start, std::string> start_of(CommandLine line) {
  auto file = line.config_file ? line.config_file : find_supervisord_file(executed_path());
  if (!file) return Problem("No config file found at default paths; use the -c option to specify one");
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (error) return Problem(fmt::format("cannot find the current directory: {}", error.message()));
  const std::string path = config::absolute_path(here.string(), *file);
  if (!fs::exists(path, error)) return Problem(fmt::format("could not find config file {}", *file));
  return Start{.config = path, .overrides = std::move(line.overrides), .directory = here.string()};
}

// All that can be found wrong is, before anything changes.
std::expected<Config, std::string> read(const Start& start) {
  auto found = config::supervisord::read_start(start);
  if (!found) return Problem(config::supervisord::first_error(found.error()));
  const auto model = config::supervisord::to_model(
      found->config, {.default_name = "supervisord", .host = config::supervisord::ToModelOptions::Host::supervisord});
  if (auto problem = config::supervisord::first_error(model.findings); !problem.empty())
    return Problem(std::move(problem));
  return std::move(found->config);
}

// Held for a moment: whoever has it runs this file already.
std::expected<void, std::string> is_free(const sys::Directories& directories) {
  if (auto done = sys::prepare_directory(directories.runtime); !done) return Problem(to_string(done.error()));
  const auto lock = sys::take_lock(directories.lock());
  if (lock) return {};
  if (lock.error().code != EWOULDBLOCK) return Problem(to_string(lock.error()));
  return Problem(fmt::format("this configuration runs already: {}", to_string(lock.error())));
}

// This very process becomes the reaper: it has the pid that signals come to.
std::string become_reaper(const reaper::RoleArguments& role) {
  std::vector<std::string> words = reaper::role_words(role);
  words.insert(words.begin(), reaper::kReaperRole);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());
  return to_string(Error{"exec", errno, "/proc/self/exe"});
}

std::expected<void, std::string> start_daemon(const reaper::RoleArguments& role, const Config& config,
                                              const Start& start) {
  const auto launched =
      launch({.name = role.name,
              .directories = role.directories,
              .supervisord = role.supervisord,
              .directory = config::absolute_path(start.directory, config.daemon.directory.value_or(".")),
              .umask = config.daemon.umask.value_or(kUmask)});
  if (!launched) return Problem(to_string(launched.error()));
  return {};
}

std::expected<void, std::string> start(CommandLine line) {
  auto wanted = start_of(std::move(line));
  if (!wanted) return Problem(wanted.error());
  const auto config = read(*wanted);
  if (!config) return Problem(config.error());
  if (auto done = raise_limits(config->daemon); !done) return done;
  const uid_t before = ::geteuid();
  if (auto done = become_user(config->daemon); !done) return done;
  reaper::RoleArguments role;
  role.name = instance_name_for(wanted->config);
  role.supervisord = to_json(*wanted);
  auto directories = directories_for(role.name, ::geteuid() != before);
  if (!directories) return Problem(directories.error());
  role.directories = std::move(*directories);
  if (auto free = is_free(role.directories); !free) return free;
  if (!config->daemon.nodaemon) return start_daemon(role, *config, *wanted);
  return Problem(become_reaper(role));
}

}  // namespace

std::string instance_name_for(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  // FNV-1a: the name has to be the same for every build.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : error ? path : real.string()) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return fmt::format("supervisord-{:012x}", hash >> 16U);
}

int run(const std::string& called, std::span<const char* const> arguments, Output& out, Output& err) {
  auto line = parse_command_line(arguments);
  if (line && line->wants_help) {
    out.write(usage_text(called));
    return 0;
  }
  if (line && line->wants_version) {
    out.print("{}\n", kVersion);
    return 0;
  }
  const auto started = line ? start(std::move(*line)) : Problem(line.error());
  if (started) return 0;
  err.print("Error: {}\nFor help, use {} -h\n", started.error(), called);
  return kUsage;
}

}  // namespace foster::cli::supervisord
