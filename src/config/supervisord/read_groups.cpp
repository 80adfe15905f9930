// Which processes form which groups.
#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include <unistd.h>

#include <fmt/format.h>

#include "config/suggest.hpp"
#include "config/supervisord/read_programs.hpp"
#include "config/supervisord/text.hpp"
#include "config/supervisord/values.hpp"

namespace foster::config::supervisord {

namespace {

constexpr std::array kEventTypes = std::to_array<std::string_view>({
    "EVENT",
    "PROCESS_STATE",
    "PROCESS_STATE_STOPPED",
    "PROCESS_STATE_EXITED",
    "PROCESS_STATE_STARTING",
    "PROCESS_STATE_STOPPING",
    "PROCESS_STATE_BACKOFF",
    "PROCESS_STATE_FATAL",
    "PROCESS_STATE_RUNNING",
    "PROCESS_STATE_UNKNOWN",
    "PROCESS_COMMUNICATION",
    "PROCESS_COMMUNICATION_STDOUT",
    "PROCESS_COMMUNICATION_STDERR",
    "PROCESS_LOG",
    "PROCESS_LOG_STDOUT",
    "PROCESS_LOG_STDERR",
    "REMOTE_COMMUNICATION",
    "SUPERVISOR_STATE_CHANGE",
    "SUPERVISOR_STATE_CHANGE_RUNNING",
    "SUPERVISOR_STATE_CHANGE_STOPPING",
    "TICK",
    "TICK_5",
    "TICK_60",
    "TICK_3600",
    "PROCESS_GROUP",
    "PROCESS_GROUP_ADDED",
    "PROCESS_GROUP_REMOVED",
});

class GroupsReader {
 public:
  explicit GroupsReader(const ProgramContext& context) : context_(context) {}

  std::vector<Group> read() {
    for (const IniSection& section : context_.ini.sections()) {
      if (section.name.starts_with("group:")) read_heterogeneous(section);
    }
    for (const IniSection& section : context_.ini.sections()) {
      if (section.name.starts_with("program:") && !in_groups_.contains(section.name)) read_program(section);
    }
    for (const IniSection& section : context_.ini.sections()) {
      if (section.name.starts_with("eventlistener:")) read_pool(section);
    }
    for (const IniSection& section : context_.ini.sections()) {
      if (section.name.starts_with("fcgi-program:") && !in_groups_.contains(section.name)) read_fcgi(section);
    }
    std::ranges::stable_sort(groups_, {}, [](const Group& group) { return std::tie(group.priority, group.name); });
    drop_duplicates();
    return std::move(groups_);
  }

 private:
  SectionReader reader_of(const IniSection& section) {
    return {context_.findings, context_.ini, section, context_.names};
  }

  Group new_group(SectionReader& reader, std::int64_t priority) {
    Group group{.priority = priority, .written = reader.written()};
    if (const auto name = parse_name(reader.name())) {
      group.name = *name;
    } else {
      reader.error("", name.error().message, name.error().hint);
    }
    reader.read("priority", group.priority, parse_integer);
    return group;
  }

  void read_heterogeneous(const IniSection& section) {
    SectionReader reader = reader_of(section);
    Group group = new_group(reader, 999);
    group.is_heterogeneous = true;
    for (const std::string& program : parse_list(reader.text("programs").value_or(""))) {
      const IniSection* plain = context_.ini.find("program:" + program);
      const IniSection* fcgi = context_.ini.find("fcgi-program:" + program);
      if (plain == nullptr && fcgi == nullptr) {
        reader.error("programs", fmt::format("there is no program \"{}\"", program), near_program(program));
        continue;
      }
      if (plain != nullptr && fcgi != nullptr) {
        reader.error("programs", fmt::format("\"{}\" is a program and an fcgi-program", program), "rename one of them");
        continue;
      }
      const IniSection& member = plain != nullptr ? *plain : *fcgi;
      in_groups_.insert(member.name);
      std::ranges::move(read_processes(context_, member, group.name), std::back_inserter(group.processes));
    }
    groups_.push_back(std::move(group));
  }

  std::string near_program(const std::string& name) const {
    std::vector<std::string_view> known;
    for (const IniSection& section : context_.ini.sections()) {
      const std::string_view full = section.name;
      for (const std::string_view kind : {"program:", "fcgi-program:"}) {
        if (full.starts_with(kind)) known.push_back(full.substr(kind.size()));
      }
    }
    return did_you_mean(name, known);
  }

  void read_program(const IniSection& section) {
    SectionReader reader = reader_of(section);
    Group group = new_group(reader, 999);
    group.processes = read_processes(context_, section, group.name);
    groups_.push_back(std::move(group));
  }

  void read_pool(const IniSection& section) {
    SectionReader reader = reader_of(section);
    Group group = new_group(reader, -1);
    EventPool pool;
    reader.read("buffer_size", pool.buffer_size, parse_integer);
    if (pool.buffer_size < 1) {
      reader.error("buffer_size", fmt::format("a buffer of {} events holds none", pool.buffer_size), "at least 1");
    }
    const std::string usual = pool.result_handler;
    if (auto handler = reader.text("result_handler")) pool.result_handler = std::move(*handler);
    if (pool.result_handler != usual) {
      reader.warning("result_handler",
                     fmt::format("\"{}\" is Python code, which foster does not run: an event is done with when its "
                                 "result is OK, and sent again otherwise",
                                 pool.result_handler),
                     "have the listener itself answer with OK or FAIL");
    }
    for (const std::string& item : parse_list(reader.text("events").value_or(""))) {
      std::string event = upper(item);
      if (std::ranges::find(kEventTypes, event) == kEventTypes.end()) {
        reader.error("events", fmt::format("\"{}\" is not an event", event), did_you_mean(event, kEventTypes));
      } else if (std::ranges::find(pool.events, event) == pool.events.end()) {
        pool.events.push_back(std::move(event));
      }
    }
    if (!reader.is_given("events") || reader.raw("events")->empty()) {
      reader.error("events", fmt::format("[{}] names no events", section.name), "add events=PROCESS_STATE");
    }
    const auto redirects = reader.optional("redirect_stderr", parse_flag);
    if (redirects == true) {
      reader.error("redirect_stderr", "an event listener's stdout carries its protocol, so stderr cannot go there",
                   "leave redirect_stderr out");
    }
    group.processes = read_processes(context_, section, group.name);
    group.pool = std::move(pool);
    groups_.push_back(std::move(group));
  }

  void read_fcgi(const IniSection& section) {
    SectionReader reader = reader_of(section);
    Group group = new_group(reader, 999);
    reader.names()["program_name"] = group.name;
    group.socket = read_socket(reader);
    group.processes = read_processes(context_, section, group.name);
    groups_.push_back(std::move(group));
  }

  FcgiSocket read_socket(SectionReader& reader) {
    FcgiSocket socket;
    socket.backlog = reader.optional("socket_backlog", parse_integer);
    if (socket.backlog && (*socket.backlog < 1 || *socket.backlog > 65535)) {
      reader.error("socket_backlog", fmt::format("{} is no length of a queue", *socket.backlog), "from 1 to 65535");
    }
    socket.owner = reader.optional("socket_owner", parse_owner);
    socket.mode = reader.optional("socket_mode", parse_octal);
    socket.url = reader.text("socket").value_or("");
    if (socket.url.empty()) {
      reader.error("socket", fmt::format("[{}] has no socket", reader.section().name), "add socket=unix:///path");
    } else if (socket.url.starts_with("unix://")) {
      socket.path = expand_home(socket.url.substr(7));
      if (!socket.path.starts_with('/')) {
        reader.error("socket", fmt::format("\"{}\" is not an absolute path", socket.path), "write unix:///path");
      }
      if (!socket.mode) socket.mode = 0700;
    } else {
      read_tcp_socket(reader, socket);
    }
    return socket;
  }

  static void read_tcp_socket(SectionReader& reader, FcgiSocket& socket) {
    if (socket.owner || socket.mode) {
      reader.error(socket.owner ? "socket_owner" : "socket_mode", "owner and mode are for unix sockets",
                   "leave it out, or write socket=unix:///path");
    }
    constexpr std::string_view kTcp = "tcp://";
    const bool is_tcp = socket.url.starts_with(kTcp);
    const auto address = is_tcp ? parse_inet_address(socket.url.substr(kTcp.size())) : Parsed<InetAddress>{};
    if (!is_tcp || !address || address->host.empty()) {
      return reader.error("socket", fmt::format("\"{}\" is not an address", socket.url),
                          "write unix:///path or tcp://host:port");
    }
    socket.address = *address;
  }

  void drop_duplicates() {
    std::set<std::string> seen;
    std::erase_if(groups_, [&](const Group& group) {
      if (seen.insert(group.name).second) return false;
      context_.findings.report(Severity::warning, group.written->where, group.written->section,
                               fmt::format("another group is called \"{}\"; this one is left out", group.name),
                               "rename one of them");
      return true;
    });
  }

  const ProgramContext& context_;
  std::set<std::string, std::less<>> in_groups_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<Group> read_groups(const ProgramContext& context) {
  return GroupsReader(context).read();
}

}  // namespace foster::config::supervisord
