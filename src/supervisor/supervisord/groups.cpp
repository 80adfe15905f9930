#include "supervisor/supervisord/groups.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <utility>

#include "config/supervisord/start.hpp"
#include "config/supervisord/to_model.hpp"
#include "sys/files.hpp"

namespace foster::supervisor::supervisord {
namespace {

using config::supervisord::LogFile;
using config::supervisord::service_name;
using Problem = std::unexpected<std::string>;

constexpr std::size_t kMostBytes = 64 << 20;

mode_t own_umask() {
  const mode_t found = ::umask(0);
  (void)::umask(found);
  return found;
}

// "%i" means something to foster.
std::string without_meaning(std::string_view path) {
  std::string text;
  for (const char c : path) text.append(c == '%' ? 2 : 1, c);
  return text;
}

SharedGroup find_in(const std::vector<SharedGroup>& groups, std::string_view name) {
  const auto found = std::ranges::find_if(groups, [&](const SharedGroup& group) { return group->name == name; });
  return found != groups.end() ? *found : nullptr;
}

}  // namespace

Groups::Groups(std::string directory, config::supervisord::Start start)
    : directory_(std::move(directory)), start_(std::move(start)), available_(directory_ + "/available.toml") {}

Groups::Done<bool> Groups::recall() {
  const auto text = sys::read_file(kept_file(), kMostBytes);
  if (!text && text.error().code == ENOENT) return false;
  if (!text) return Problem(to_string(text.error()));
  auto kept = config::supervisord::kept_from_json(*text);
  if (!kept) return Problem(kept_file() + ": " + kept.error());
  if (auto recalled = available_.recall(); !recalled) return Problem(to_string(recalled.error()));
  kept_ = std::move(*kept);
  make_index();
  return true;
}

void Groups::forget_stored() const {
  (void)::unlink(kept_file().c_str());
  available_.forget_stored();
}

Groups::Done<Groups::Told> Groups::read() {
  using config::supervisord::ToModelOptions;
  auto found = config::supervisord::read_start(start_);
  if (!found) return Problem(config::supervisord::first_error(found.error()));
  auto translated = config::supervisord::to_model(found->config, {.default_name = "supervisord",
                                                                  .working_directory = std::filesystem::current_path(),
                                                                  .umask = own_umask(),
                                                                  .host = ToModelOptions::Host::supervisord});
  if (auto problem = config::supervisord::first_error(translated.findings); !problem.empty()) {
    return Problem(std::move(problem));
  }
  if (auto stored = available_.store(std::move(translated.model), found->config.path); !stored) {
    return Problem(to_string(stored.error()));
  }
  kept_.config = std::move(found->config);
  kept_.added_since.clear();
  Told told;
  for (std::size_t at = 1; at < kept_.config.files.size(); ++at) told.included.push_back(kept_.config.files[at].path);
  std::ranges::move(translated.findings, std::back_inserter(found->warnings));
  told.warnings = config::supervisord::warnings_of(found->warnings);
  return told;
}

Result<> Groups::keep() const {
  if (auto stored = available_.keep(); !stored) return stored;
  return sys::replace_file(kept_file(), to_json(kept_));
}

SharedGroup Groups::find_active(std::string_view group) const {
  return find_in(kept_.active, group);
}

SharedGroup Groups::find_available(std::string_view group) const {
  return find_in(kept_.config.groups, group);
}

bool Groups::is_as_read(std::string_view group) const {
  return is_active(group) && std::ranges::find(kept_.added_since, group) != kept_.added_since.end();
}

const Process* Groups::find(std::string_view service) const {
  const auto found = index_.find(std::string(service));
  return found != index_.end() ? found->second : nullptr;
}

compat::ConfigChanges Groups::changes() const {
  compat::ConfigChanges changes;
  for (const SharedGroup& group : kept_.config.groups) {
    const SharedGroup before = find_active(group->name);
    if (!before) changes.added.push_back(group->name);
    if (before && before != group && !is_same(*before, *group)) changes.changed.push_back(group->name);
  }
  for (const SharedGroup& group : kept_.active) {
    if (!find_available(group->name)) changes.removed.push_back(group->name);
  }
  return changes;
}

Groups::Done<> Groups::store() const {
  if (auto stored = sys::replace_file(kept_file(), to_json(kept_)); !stored) return Problem(to_string(stored.error()));
  return {};
}

Groups::Done<> Groups::enter(Stage stage) {
  const Stage before = std::exchange(kept_.stage, stage);
  auto stored = store();
  if (!stored) kept_.stage = before;
  return stored;
}

Groups::Done<> Groups::change_active(std::vector<SharedGroup> groups, Stage stage) {
  auto before = std::exchange(kept_.active, std::move(groups));
  const Stage stage_before = std::exchange(kept_.stage, stage);
  auto stored = store();
  if (!stored) {
    kept_.active = std::move(before);
    kept_.stage = stage_before;
  }
  make_index();
  return stored;
}

Groups::Done<> Groups::activate_all() {
  kept_.added_since.clear();
  for (const SharedGroup& group : kept_.config.groups) kept_.added_since.push_back(group->name);
  return change_active(kept_.config.groups, Stage::starting);
}

Groups::Done<> Groups::activate(std::string_view group) {
  std::vector<SharedGroup> groups = kept_.active;
  groups.push_back(find_available(group));
  std::ranges::stable_sort(groups, {}, [](const SharedGroup& one) { return std::pair(one->priority, one->name); });
  kept_.added_since.emplace_back(group);
  return change_active(std::move(groups), kept_.stage);
}

Groups::Done<> Groups::deactivate(std::string_view group) {
  std::vector<SharedGroup> groups = kept_.active;
  std::erase_if(groups, [group](const SharedGroup& one) { return one->name == group; });
  std::erase(kept_.added_since, group);
  return change_active(std::move(groups), kept_.stage);
}

Groups::Done<> Groups::keep_only(const std::vector<std::string>& names) {
  std::vector<SharedGroup> groups = kept_.active;
  std::erase_if(groups, [&names](const SharedGroup& one) { return std::ranges::count(names, one->name) == 0; });
  return change_active(std::move(groups), kept_.stage);
}

AutoLogs Groups::auto_logs() const {
  const auto& daemon = kept_.config.daemon;
  return {.directory = daemon.childlogdir.empty() ? default_auto_log_directory() : daemon.childlogdir,
          .identifier = daemon.identifier};
}

// Where none can be made, the log is one of foster's own.
void Groups::name_logs(const Process& process, core::Service& service) const {
  const auto name = [&](core::Stream stream, const LogFile& file, core::LogPolicy& policy) {
    if (file.kind != LogFile::Kind::automatic || !policy.enabled || !policy.file.empty()) return;
    if (auto made = make_auto_log(auto_logs(), process.name, stream)) policy.file = without_meaning(*made);
  };
  name(core::Stream::out, process.out.file, service.log);
  if (service.stderr_log) name(core::Stream::err, process.err.file, *service.stderr_log);
}

Result<Definitions> Groups::definitions_from(const core::Model& current, const Origin& origin) const {
  std::unordered_map<std::string_view, const core::Service*> running;
  std::unordered_map<std::string_view, const core::Service*> available;
  for (const core::Service& service : current.services) running.emplace(service.name, &service);
  Definitions wanted{.model = {.name = current.name, .services = {}},
                     .origin = {.config = start_.config, .ad_hoc = origin.ad_hoc}};
  wanted.model.services.reserve(index_.size());
  for (const SharedGroup& group : kept_.active) {
    for (const Process& process : group->processes) {
      const std::string name = service_name(process);
      if (const auto known = running.find(name); known != running.end()) {
        wanted.model.services.push_back(*known->second);
        continue;
      }
      if (available.empty()) {
        const auto model = available_.model();
        if (!model) return Failure(model.error());
        for (const core::Service& service : (*model)->services) available.emplace(service.name, &service);
      }
      if (const auto found = available.find(name); found != available.end()) {
        wanted.model.services.push_back(*found->second);
        name_logs(process, wanted.model.services.back());
      }
    }
  }
  wanted.model = with_ad_hoc(std::move(wanted.model), current, origin);
  return wanted;
}

void Groups::make_index() {
  index_.clear();
  for (const SharedGroup& group : kept_.active) {
    for (const Process& process : group->processes) index_.emplace(service_name(process), &process);
  }
}

}  // namespace foster::supervisor::supervisord
