#include "config/supervisord/read.hpp"

#include <glob.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "config/files.hpp"
#include "config/schema.hpp"
#include "config/supervisord/known_keys.hpp"
#include "config/supervisord/read_programs.hpp"
#include "config/supervisord/section_reader.hpp"
#include "config/supervisord/text.hpp"
#include "config/supervisord/values.hpp"

namespace foster::config::supervisord {

namespace {

using Diagnostics = std::vector<Diagnostic>;

std::string host_name() {
  utsname names{};
  return ::uname(&names) == 0 ? names.nodename : "";
}

std::string cannot_read(const Error& error) {
  switch (error.code) {
    case EFBIG:
      return "the file is larger than 16 MiB, so it is no config";
    case EINVAL:
      return "this is not a regular file";
    case EISDIR:
      return "this is a directory";
    default:
      return fmt::format("cannot read the file: {}", to_string(error));
  }
}

Diagnostic about_file(std::string path, std::string message) {
  Diagnostic found;
  found.file = std::move(path);
  found.message = std::move(message);
  return found;
}

// The files a pattern names, by name. A backslash is an ordinary character.
std::vector<std::string> matches_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT | GLOB_NOESCAPE, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

class ConfigReader {
 public:
  ConfigReader(const std::string& path, const ReadOptions& options) : path_(path), options_(options) {}

  std::expected<Read, Diagnostics> read() {
    if (auto problem = read_main_file()) return std::unexpected(Diagnostics{std::move(*problem)});
    // Where the syntax is broken, whatever follows from it would hide that.
    if (findings_.has_error()) return std::unexpected(findings_.take());
    for (const auto& [name, value] : options_.environment) environment_["ENV_" + name] = value;
    if (const IniSection* include = ini_.find("include")) read_includes(*include);
    if (findings_.has_error()) return std::unexpected(findings_.take());
    read_sections();
    if (findings_.has_error()) return std::unexpected(findings_.take());
    config_.files = ini_.files();
    return Read{.config = std::move(config_), .warnings = findings_.take()};
  }

  std::expected<Client, Diagnostics> read_client() {
    if (auto problem = read_main_file()) return std::unexpected(Diagnostics{std::move(*problem)});
    for (const auto& [name, value] : options_.environment) environment_["ENV_" + name] = value;
    const IniSection* section = ini_.find("supervisorctl");
    if (section == nullptr && !findings_.has_error()) {
      return std::unexpected(Diagnostics{about_file(path_, "there is no section [supervisorctl]")});
    }
    Client client;
    if (section != nullptr) client = client_of(*section);
    if (findings_.has_error()) return std::unexpected(findings_.take());
    return client;
  }

 private:
  std::optional<Diagnostic> read_main_file() {
    if (path_.contains('\0')) return about_file(path_, "the path holds a NUL byte");
    auto text = read_text_file(path_);
    if (!text) return about_file(path_, cannot_read(text.error()));
    std::error_code error;
    const auto absolute = std::filesystem::absolute(path_, error);
    if (error) return about_file(path_, fmt::format("cannot find the current directory: {}", error.message()));
    config_.path = absolute.lexically_normal().string();
    here_ = absolute_path(config_.path, "..");
    working_directory_ = options_.working_directory.empty() ? here_ : options_.working_directory;
    findings_.add(ini_.read(path_, *text));
    return std::nullopt;
  }

  [[nodiscard]] Expansions names_with_here() const {
    Expansions names = environment_;
    names["here"] = here_;
    return names;
  }

  void read_includes(const IniSection& include) {
    // Only now: without [include], Supervisor does not know "here" everywhere.
    ini_.replace_in_values(0, "%(here)s", here_);
    SectionReader reader(findings_, ini_, include, names_with_here());
    reader.names()["host_node_name"] = host_name();
    if (!reader.is_given("files")) return reader.error("", "[include] names no files", "add files=conf.d/*.conf");
    const auto patterns = reader.text("files").value_or("");
    // Reading adds sections, which moves this one: what is said of it is said before.
    std::vector<std::string> paths;
    for (const std::string_view pattern : split_blanks(patterns)) {
      const std::string full = (std::filesystem::path(here_) / pattern).string();
      auto found = matches_of(full);
      if (found.empty()) reader.warning("files", fmt::format("no file matches \"{}\"", full));
      std::ranges::move(found, std::back_inserter(paths));
    }
    const Place where = include.find("files") == nullptr ? include.where : include.find("files")->value_at;
    for (const std::string& path : paths) read_included(path, where);
  }

  void read_included(const std::string& path, Place where) {
    auto text = read_text_file(path);
    if (!text) {
      return findings_.report(Severity::warning, where, "include.files",
                              fmt::format("{} is left out: {}", path, cannot_read(text.error())), "");
    }
    findings_.add(ini_.read(path, *text));
    ini_.replace_in_values(ini_.files().size() - 1, "%(here)s", absolute_path(path, ".."));
  }

  void read_sections() {
    const IniSection* daemon = ini_.find("supervisord");
    if (daemon == nullptr) {
      Diagnostic missing = about_file(path_, "there is no section [supervisord]");
      missing.hint = "add a line [supervisord], which may be empty";
      return findings_.add({std::move(missing)});
    }
    read_daemon(*daemon);
    read_rpc_interfaces();
    for (Group& group : read_groups({.findings = findings_,
                                     .ini = ini_,
                                     .names = names_with_here(),
                                     .host = host_name(),
                                     .environment = config_.daemon.environment,
                                     .working_directory = working_directory_})) {
      config_.groups.push_back(std::make_shared<const Group>(std::move(group)));
    }
    read_servers();
    if (const IniSection* client = ini_.find("supervisorctl")) config_.client = client_of(*client);
    report_unknown(ini_, findings_);
  }

  void read_daemon(const IniSection& given) {
    daemon_section_ = given;
    for (const auto& [key, value] : options_.overrides) override_key(key, value);
    SectionReader reader(findings_, ini_, daemon_section_, names_with_here());
    Daemon& daemon = config_.daemon;
    const auto directory = [&](std::string_view text) { return parse_directory(text, working_directory_); };
    const auto file = [&](std::string_view text) { return parse_file(text, working_directory_); };
    reader.read("minfds", daemon.minfds, parse_integer);
    reader.read("minprocs", daemon.minprocs, parse_integer);
    daemon.directory = reader.optional("directory", directory);
    daemon.user = reader.optional("user", parse_user);
    daemon.umask = reader.optional("umask", parse_octal);
    reader.read("logfile", daemon.logfile, file);
    reader.read("logfile_maxbytes", daemon.logfile_maxbytes, parse_bytes);
    reader.read("logfile_backups", daemon.logfile_backups, parse_integer);
    reader.read("loglevel", daemon.log_level, parse_log_level);
    reader.read("pidfile", daemon.pidfile, file);
    if (auto identifier = reader.text("identifier")) daemon.identifier = std::move(*identifier);
    reader.read("nodaemon", daemon.nodaemon, parse_flag);
    reader.read("silent", daemon.silent, parse_flag);
    reader.read("childlogdir", daemon.childlogdir, directory);
    reader.read("nocleanup", daemon.nocleanup, parse_flag);
    reader.read("strip_ansi", daemon.strip_ansi, parse_flag);
    reader.names()["host_node_name"] = host_name();
    const auto environment = reader.text_expanded_twice("environment");
    if (auto variables = reader.parsed("environment", environment, parse_environment)) {
      daemon.environment = std::move(*variables);
    }
    for (const auto& [name, value] : daemon.environment) environment_["ENV_" + name] = value;
    daemon.written = reader.written();
  }

  void override_key(const std::string& key, const std::string& value) {
    const auto known = std::ranges::find(daemon_section_.keys, key, &IniKey::name);
    IniKey& target = known != daemon_section_.keys.end() ? *known : daemon_section_.keys.emplace_back();
    // A value of the command line is not expanded.
    std::string text;
    for (const char c : value) text += c == '%' ? std::string("%%") : std::string(1, c);
    target = {.name = key, .value = std::move(text), .where = {}, .value_at = {}};
  }

  void read_rpc_interfaces() {
    constexpr std::string_view kFactory = "supervisor.rpcinterface_factory";
    constexpr std::string_view kMain = "supervisor.rpcinterface:make_main_rpcinterface";
    for (const IniSection& section : ini_.sections()) {
      if (!section.name.starts_with("rpcinterface:")) continue;
      SectionReader reader(findings_, ini_, section, environment_);
      auto factory = reader.text(kFactory);
      if (!factory) {
        reader.error("", fmt::format("[{}] does not say {}", section.name, kFactory),
                     fmt::format("add {}={}", kFactory, kMain));
        continue;
      }
      const auto written = reader.written();
      if (*factory != kMain) {
        reader.warning(
            kFactory, fmt::format("\"{}\" is Python code, which foster does not run: the methods of \"{}\" are missing",
                                  *factory, reader.name()));
      } else {
        for (const auto& [key, entry] : written->keys) {
          if (key != kFactory) reader.error(key, fmt::format("the RPC interface takes no \"{}\"", key), "leave it out");
        }
      }
      config_.rpc_interfaces.push_back(
          {.name = std::string(reader.name()), .factory = std::move(*factory), .written = written});
    }
  }

  void read_servers() {
    for (const auto kind : {HttpServer::Kind::inet, HttpServer::Kind::unix_socket}) {
      const bool is_inet = kind == HttpServer::Kind::inet;
      for (const IniSection& section : ini_.sections()) {
        if (!section.name.starts_with(is_inet ? "inet_http_server" : "unix_http_server")) continue;
        SectionReader reader(findings_, ini_, section, environment_);
        HttpServer server{.kind = kind, .section = section.name, .written = reader.written()};
        is_inet ? read_inet_server(reader, server) : read_unix_server(reader, server);
        server.authentication = authentication_of(reader);
        config_.servers.push_back(std::move(server));
      }
    }
  }

  static void read_inet_server(SectionReader& reader, HttpServer& server) {
    if (!reader.is_given("port"))
      return reader.error("", fmt::format("[{}] has no port", server.section), "add port=127.0.0.1:9001");
    reader.read("port", server.address, parse_inet_address);
  }

  void read_unix_server(SectionReader& reader, HttpServer& server) {
    reader.read("chmod", server.mode, parse_octal);
    server.owner = reader.optional("chown", parse_owner);
    reader.names()["here"] = here_;
    const auto file = [&](std::string_view text) { return parse_file(text, working_directory_); };
    if (!reader.is_given("file"))
      return reader.error("", fmt::format("[{}] has no file", server.section), "add file=/run/supervisor.sock");
    reader.read("file", server.path, file);
    reader.names().erase("here");
  }

  static std::optional<Authentication> authentication_of(SectionReader& reader) {
    auto username = reader.text("username");
    auto password = reader.text("password");
    if (!username && !password) return std::nullopt;
    if (username && password) return Authentication{.username = std::move(*username), .password = std::move(*password)};
    const bool has_name = username.has_value();
    reader.error(
        has_name ? "username" : "password",
        fmt::format("a {} without a {}", has_name ? "username" : "password", has_name ? "password" : "username"),
        "give both, or none");
    return std::nullopt;
  }

  Client client_of(const IniSection& section) {
    SectionReader reader(findings_, ini_, section, names_with_here());
    Client client;
    client.server_url = reader.optional("serverurl", parse_url);
    client.history_file = reader.text("history_file");
    if (client.history_file) client.history_file = expand_home(*client.history_file);
    reader.names().erase("here");
    client.prompt = reader.text("prompt");
    client.username = reader.text("username");
    client.password = reader.text("password");
    client.written = reader.written();
    return client;
  }

  const std::string& path_;
  const ReadOptions& options_;
  Ini ini_;
  Findings findings_{ini_};
  Expansions environment_;
  std::string here_;
  std::string working_directory_;
  IniSection daemon_section_;
  Config config_;
};

}  // namespace

Variables process_environment() {
  Variables variables;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    const std::string_view text = *line;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::expected<Read, Diagnostics> read_config(const std::string& path, const ReadOptions& options) {
  return ConfigReader(path, options).read();
}

std::expected<Client, Diagnostics> read_client(const std::string& path, const ReadOptions& options) {
  return ConfigReader(path, options).read_client();
}

}  // namespace foster::config::supervisord
