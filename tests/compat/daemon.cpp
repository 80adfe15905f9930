// A supervisord without processes, behind the real door: what clients see of `compat::methods` and
// `compat::HttpServer`, with states that change as those of processes would. Its configuration is read as far as the
// scenarios need it.
//
//   compat_daemon -n -c FILE
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "compat/http_server.hpp"
#include "compat/process_name.hpp"
#include "config/supervisord/expansion.hpp"
#include "config/supervisord/ini.hpp"
#include "sys/files.hpp"
#include "sys/unix_socket.hpp"

namespace {

using namespace foster;
using namespace foster::compat;
namespace fs = std::filesystem;
namespace asio = boost::asio;
using config::supervisord::Ini;
using config::supervisord::IniSection;

constexpr std::string_view kProgram = "program:";
constexpr std::string_view kGroup = "group:";
constexpr std::chrono::milliseconds kMoment{50};

struct Entry {
  Process process;
  std::string command;
  bool autostart = true;
  friend bool operator==(const Entry& left, const Entry& right) {
    return left.command == right.command && left.process.name == right.process.name &&
           left.autostart == right.autostart;
  }
};
using Groups = std::map<std::string, std::vector<Entry>>;

std::string value_of(const Ini& ini, const IniSection& section, std::string_view key, std::string otherwise = {}) {
  const auto* found = ini.find(section, key);
  return found != nullptr ? found->value : otherwise;
}

void add_program(Groups& groups, const Ini& ini, const IniSection& section, const std::string& group,
                 const fs::path& directory) {
  const std::string program = section.name.substr(kProgram.size());
  const int count = std::stoi(value_of(ini, section, "numprocs", "1"));
  auto& entries = groups[group];
  for (int number = 0; number < count; ++number) {
    const auto name = config::supervisord::expand(value_of(ini, section, "process_name", program),
                                                  {{"program_name", program}, {"process_num", std::int64_t{number}}});
    Entry entry{.process = {.group = group, .name = name->text},
                .command = value_of(ini, section, "command"),
                .autostart = value_of(ini, section, "autostart", "true") == "true"};
    entry.process.priority = std::stoi(value_of(ini, section, "priority", "999"));
    if (group == program) entry.process.group_priority = entry.process.priority;
    if (value_of(ini, section, "stdout_logfile") != "NONE") {
      entry.process.stdout_log = directory / (group + name->text + "-stdout.log");
      entry.process.stderr_log = directory / (group + name->text + "-stderr.log");
    }
    entries.push_back(std::move(entry));
  }
}

Groups groups_in(const Ini& ini, const fs::path& directory) {
  Groups groups;
  std::vector<std::string> members;
  for (const IniSection& section : ini.sections()) {
    if (!section.name.starts_with(kGroup)) continue;
    std::string names = value_of(ini, section, "programs");
    std::ranges::replace(names, ',', ' ');
    std::istringstream words(names);
    for (std::string name; words >> name;) {
      add_program(groups, ini, *ini.find(std::string(kProgram) + name), section.name.substr(kGroup.size()), directory);
      members.push_back(name);
    }
  }
  for (const IniSection& section : ini.sections()) {
    if (!section.name.starts_with(kProgram)) continue;
    const std::string name = section.name.substr(kProgram.size());
    if (std::ranges::count(members, name) == 0) add_program(groups, ini, section, name, directory);
  }
  return groups;
}

void append_to(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::app) << text;
}

class TableTop final : public Daemon {
 public:
  TableTop(asio::io_context& loop, fs::path file)
      : loop_(loop), file_(std::move(file)), directory_(file_.parent_path()) {
    read();
    active_ = available_;
    for (auto& [name, entries] : active_) begin(entries);
    append_to(main_log(), "INFO supervisord started\n");
  }

  std::string identification() const override { return "supervisor"; }
  int pid() const override { return ::getpid(); }
  Mood mood() const override { return mood_; }
  std::int64_t now() const override { return std::time(nullptr); }
  bool has_supervisor_methods() const override { return has_methods_; }

  std::vector<std::string> groups() const override {
    std::vector<std::string> names;
    for (const auto& [name, entries] : active_) names.push_back(name);
    return names;
  }

  std::vector<Process> processes() const override {
    std::vector<Process> all;
    for (const auto& [name, entries] : active_) {
      for (const Entry& entry : entries) all.push_back(entry.process);
    }
    return all;
  }

  std::vector<ProcessConfig> configs() const override {
    std::vector<ProcessConfig> all;
    for (const auto& [group, entries] : available_) {
      for (const Entry& entry : entries) {
        ProcessConfig config{.group = group,
                             .name = entry.process.name,
                             .group_priority = entry.process.group_priority,
                             .priority = entry.process.priority};
        config.is_in_use = active_.contains(group);
        config.autostart = entry.autostart;
        config.command = entry.command;
        all.push_back(std::move(config));
      }
    }
    return all;
  }

  Outcome<> check_command(const Process& process) const override {
    const std::string command = const_cast<TableTop*>(this)->entry_of(process).command;
    const std::string program = command.substr(0, command.find(' '));
    if (!fs::exists(program)) return refusal(FaultCode::no_file, "can't find command '" + program + "'");
    if (::access(program.c_str(), X_OK) != 0) {
      return refusal(FaultCode::not_executable, "command at '" + program + "' is not executable");
    }
    return {};
  }

  void start(const Process& process, Wait, Done done) override {
    Entry& entry = entry_of(process);
    if (entry.command != "/bin/false") {
      run(entry);
      return done({});
    }
    entry.process.start = entry.process.stop = now();
    entry.process.state = ProcessState::fatal;
    entry.process.spawn_error = "Exited too quickly (process log may have details)";
    later([done = std::move(done)]() mutable { done(refusal(FaultCode::spawn_error)); });
  }

  void stop(const Process& process, Wait wait, Done done) override {
    entry_of(process).process.state = ProcessState::stopping;
    if (wait == Wait::not_at_all) std::exchange(done, [](const Outcome<>&) {})({});
    later([this, process, done = std::move(done)]() mutable {
      Process& stopped = entry_of(process).process;
      stopped.state = ProcessState::stopped;
      stopped.stop = now();
      stopped.pid = 0;
      done({});
    });
  }

  Outcome<> signal(const Process&, Signal) override { return {}; }

  Outcome<> write_stdin(const Process& process, const std::string& text) override {
    if (process.pid == 0) return refusal(FaultCode::not_running);
    append_to(process.stdout_log, text);
    return {};
  }

  Outcome<> clear_logs(const Process& process) override {
    if (process.pid == 0) return {};
    for (const std::string& path : {process.stdout_log, process.stderr_log}) {
      if (!path.empty()) std::ofstream(path, std::ios::trunc);
    }
    return {};
  }

  Outcome<ConfigChanges> reread() override {
    if (!read()) return refusal(FaultCode::cant_reread, "it is no configuration");
    ConfigChanges changes;
    for (const auto& [name, entries] : available_) {
      const auto before = active_.find(name);
      if (before == active_.end())
        changes.added.push_back(name);
      else if (before->second != entries)
        changes.changed.push_back(name);
    }
    for (const auto& [name, entries] : active_) {
      if (!available_.contains(name)) changes.removed.push_back(name);
    }
    return changes;
  }

  Outcome<> add_group(const std::string& name) override {
    if (active_.contains(name)) return refusal(FaultCode::already_added);
    const auto found = available_.find(name);
    if (found == available_.end()) return refusal(FaultCode::bad_name);
    begin(active_[name] = found->second);
    return {};
  }

  Outcome<> remove_group(const std::string& name) override {
    const auto found = active_.find(name);
    if (found == active_.end()) return refusal(FaultCode::bad_name);
    const bool is_idle = std::ranges::all_of(found->second, [](const Entry& entry) {
      return !is_running(entry.process.state) && entry.process.state != ProcessState::stopping;
    });
    if (!is_idle) return refusal(FaultCode::still_running);
    active_.erase(found);
    return {};
  }

  std::string main_log() const override { return directory_ / "main.log"; }
  Outcome<> clear_main_log() override {
    std::ofstream(main_log(), std::ios::trunc);
    return {};
  }
  void send_event(const std::string& type, const std::string& data) override {
    append_to(main_log(), "event " + type + " " + data + "\n");
  }
  void shut_down() override {
    mood_ = Mood::shutdown;
    later([this] { loop_.stop(); });
  }
  void restart() override {}

 private:
  bool read() {
    Ini ini;
    if (!ini.read(file_, sys::read_file(file_).value_or("")).empty()) return false;
    has_methods_ = ini.find("rpcinterface:supervisor") != nullptr;
    available_ = groups_in(ini, directory_);
    return true;
  }

  void begin(std::vector<Entry>& entries) {
    for (Entry& entry : entries) {
      for (const std::string& path : {entry.process.stdout_log, entry.process.stderr_log}) {
        if (!path.empty()) std::ofstream(path, std::ios::trunc);
      }
      if (entry.autostart) run(entry);
    }
  }

  void run(Entry& entry) {
    entry.process.state = ProcessState::running;
    entry.process.start = now();
    entry.process.pid = ++last_pid_;
    if (entry.process.name != "talk") return;
    append_to(entry.process.stdout_log, "zwölf Boxkämpfer\n");
    append_to(entry.process.stderr_log, "oops\n");
  }

  Entry& entry_of(const Process& process) {
    auto& entries = active_.at(process.group);
    return *std::ranges::find(entries, process.name, [](const Entry& entry) { return entry.process.name; });
  }

  void later(std::move_only_function<void()> deed) {
    auto timer = std::make_shared<asio::steady_timer>(loop_, kMoment);
    timer->async_wait([timer, deed = std::move(deed)](boost::system::error_code) mutable { deed(); });
  }

  asio::io_context& loop_;
  fs::path file_;
  fs::path directory_;
  Mood mood_ = Mood::running;
  bool has_methods_ = false;
  Groups available_;
  Groups active_;
  int last_pid_ = 100'000;
};

UniqueFd listen_on_loopback(int port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool listens =
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd.get(), 16) == 0;
  if (!listens) std::exit(2);
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const fs::path file = argv[argc - 1];
  Ini ini;
  if (!ini.read(file, sys::read_file(file).value_or("")).empty()) return 2;
  asio::io_context loop;
  TableTop daemon(loop, file);
  const auto directory = sys::open_file(file.parent_path(), O_DIRECTORY | O_PATH);
  auto listening = sys::listen_unix(*directory, "s.sock");
  if (!listening) return 2;
  const HttpServer unix_server(loop, std::move(*listening), daemon);
  std::optional<HttpServer> inet_server;
  if (const IniSection* inet = ini.find("inet_http_server")) {
    const std::string port = value_of(ini, *inet, "port");
    inet_server.emplace(
        loop, listen_on_loopback(std::stoi(port.substr(port.rfind(':') + 1))), daemon,
        Login{.username = value_of(ini, *inet, "username"), .password = value_of(ini, *inet, "password")});
  }
  loop.run();
  fs::remove(file.parent_path() / "s.sock");
  return 0;
}
