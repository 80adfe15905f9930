// What a supervisord.conf says, as values: one struct for each kind of section, with Supervisor's defaults. All of it
// is kept, whether foster can do it or not.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <foster/signal.hpp>

#include "config/supervisord/ini.hpp"

namespace foster::config::supervisord {

/// In order; names are unique.
using Variables = std::vector<std::pair<std::string, std::string>>;

enum class AutoRestart : std::uint8_t { never, unexpected, always };
enum class LogLevel : std::uint8_t { critical, error, warn, info, debug, trace, blather };

/// A user as written and as a number.
struct User {
  std::string text = {};
  unsigned uid = 0;
  friend bool operator==(const User&, const User&) = default;
};

/// For chown(2).
struct Owner {
  unsigned uid = 0;
  std::optional<unsigned> gid = {};  ///< Empty: unchanged.
  friend bool operator==(const Owner&, const Owner&) = default;
};

struct InetAddress {
  std::string host = {};  ///< Empty: every IPv4 interface.
  std::uint16_t port = 0;
  friend bool operator==(const InetAddress&, const InetAddress&) = default;
};

struct LogFile {
  enum class Kind : std::uint8_t { none, automatic, syslog, path } kind = Kind::automatic;
  std::string path = {};
  friend bool operator==(const LogFile&, const LogFile&) = default;
};

/// Where the keys of a section are written, and the section itself.
struct Written {
  std::string section = {};
  Place where = {};
  std::map<std::string, IniKey, std::less<>> keys = {};
};

/// As a log file of the daemon.
inline constexpr const char* kSyslog = "syslog";

/// [supervisord]
struct Daemon {
  std::string logfile = "supervisord.log";  ///< Or `kSyslog`.
  std::uint64_t logfile_maxbytes = std::uint64_t{50} << 20U;
  std::int64_t logfile_backups = 10;
  LogLevel log_level = LogLevel::info;
  std::string pidfile = "supervisord.pid";
  std::optional<unsigned> umask = {};  ///< Empty: 022.
  bool nodaemon = false;
  bool silent = false;
  std::int64_t minfds = 1024;
  std::int64_t minprocs = 200;
  bool nocleanup = false;
  std::string childlogdir = {};  ///< Empty: the directory for temporary files.
  std::optional<User> user = {};
  std::optional<std::string> directory = {};
  bool strip_ansi = false;
  Variables environment = {};
  std::string identifier = "supervisor";
  std::shared_ptr<const Written> written = {};
};

struct Authentication {
  std::string username = {};
  std::string password = {};  ///< Plain, or "{SHA}" and the digest.
};

/// [unix_http_server] or [inet_http_server]
struct HttpServer {
  enum class Kind : std::uint8_t { unix_socket, inet } kind = Kind::unix_socket;
  std::string section = {};
  std::string path = {};  ///< Of a unix socket.
  unsigned mode = 0700;   ///< Of a unix socket.
  std::optional<Owner> owner = {};
  InetAddress address = {};  ///< Of an inet server.
  std::optional<Authentication> authentication = {};
  std::shared_ptr<const Written> written = {};
};

/// [rpcinterface:NAME]
struct RpcInterface {
  std::string name = {};
  std::string factory = {};
  std::shared_ptr<const Written> written = {};
};

/// [supervisorctl], which only the client reads.
struct Client {
  std::optional<std::string> server_url = {};
  std::optional<std::string> username = {};
  std::optional<std::string> password = {};
  std::optional<std::string> prompt = {};
  std::optional<std::string> history_file = {};
  std::shared_ptr<const Written> written = {};
};

/// stdout or stderr of a process.
struct Channel {
  LogFile file;
  std::uint64_t max_bytes = std::uint64_t{50} << 20U;  ///< 0: never rotated.
  std::int64_t backups = 10;
  bool syslog = false;
  std::uint64_t capture_max_bytes = 0;  ///< 0: no capture mode.
  bool events_enabled = false;
};

/// A key of foster's own, from "x-foster-NAME" or a [foster:PROGRAM] section.
struct OwnKey {
  std::string name = {};
  std::string value = {};
  Place where = {};
  Place value_at = {};
};

/// One process of a [program:x], [eventlistener:x] or [fcgi-program:x].
struct Process {
  std::string group = {};
  std::string name = {};
  std::string program = {};  ///< What follows the colon in its section's name.
  std::int64_t number = 0;
  std::string command = {};
  std::vector<std::string> argv = {};
  std::int64_t priority = 999;
  bool autostart = true;
  AutoRestart autorestart = AutoRestart::unexpected;
  std::int64_t startsecs = 1;
  std::int64_t startretries = 3;
  std::vector<std::uint8_t> exitcodes = {0};
  Signal stopsignal = *Signal::from_number(15);
  std::int64_t stopwaitsecs = 10;
  bool stopasgroup = false;
  bool killasgroup = false;
  std::optional<User> user = {};
  bool redirect_stderr = false;
  Channel out = {};
  Channel err = {};
  Variables environment = {};  ///< [supervisord]'s with its own over it.
  std::optional<std::string> directory = {};
  std::optional<unsigned> umask = {};
  std::optional<std::string> serverurl = {};  ///< Empty: AUTO.
  std::vector<OwnKey> own_keys = {};
  std::shared_ptr<const Written> written = {};
};

/// What makes a group a pool of event listeners.
struct EventPool {
  std::vector<std::string> events = {};  ///< Upper case, unique.
  std::int64_t buffer_size = 10;
  std::string result_handler = "supervisor.dispatchers:default_handler";
};

/// What makes a group one of FastCGI processes.
struct FcgiSocket {
  std::string url = {};
  std::string path = {};     ///< Of a unix socket.
  InetAddress address = {};  ///< Otherwise.
  std::optional<Owner> owner = {};
  std::optional<unsigned> mode = {};
  std::optional<std::int64_t> backlog = {};
};

struct Group {
  std::string name = {};
  std::int64_t priority = 999;
  std::vector<Process> processes = {};  ///< Of a program by priority and name; in a [group:x] program after program.
  bool is_heterogeneous = false;        ///< A [group:x].
  std::optional<EventPool> pool = {};
  std::optional<FcgiSocket> socket = {};
  std::shared_ptr<const Written> written = {};
};

/// Whoever keeps one keeps it as it was read.
using SharedGroup = std::shared_ptr<const Group>;

/// A whole supervisord.conf with what it includes.
struct Config {
  std::string path = {};  ///< Of the main file, absolute.
  Daemon daemon = {};
  std::vector<HttpServer> servers = {};
  std::vector<RpcInterface> rpc_interfaces = {};
  Client client = {};
  std::vector<SharedGroup> groups = {};  ///< By priority and name; names are unique.
  std::vector<IniFile> files = {};
};

}  // namespace foster::config::supervisord
