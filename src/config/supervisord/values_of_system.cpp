// The values that name something of this machine: files, directories, users.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "config/files.hpp"
#include "config/schema.hpp"
#include "config/supervisord/text.hpp"
#include "config/supervisord/values.hpp"

namespace foster::config::supervisord {

namespace {

std::unexpected<BadValue> bad(std::string message, std::string hint = {}) {
  return std::unexpected(BadValue{std::move(message), std::move(hint)});
}

struct Account {
  std::string name;
  unsigned uid = 0;
  std::string home;
};

// The buffer grows: a directory service may answer with long entries.
template <class Look>
std::optional<Account> account(Look look) {
  for (std::size_t room = 1024; room <= (std::size_t{1} << 20); room *= 4) {
    std::vector<char> buffer(room);
    passwd entry{};
    passwd* found = nullptr;
    const int error = look(&entry, buffer.data(), buffer.size(), &found);
    if (error == EINTR || error == ERANGE) continue;
    if (found == nullptr) return std::nullopt;
    return Account{.name = found->pw_name, .uid = found->pw_uid, .home = found->pw_dir};
  }
  return std::nullopt;
}

std::optional<Account> account_of(const std::string& name) {
  return account([&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); });
}

std::optional<Account> account_of(uid_t uid) {
  return account([&](auto... rest) { return ::getpwuid_r(uid, rest...); });
}

// A group by name or number.
std::optional<unsigned> group_of(const std::string& text) {
  const auto number = parse_integer(text);
  for (std::size_t room = 1024; room <= (std::size_t{1} << 20); room *= 4) {
    std::vector<char> buffer(room);
    group entry{};
    group* found = nullptr;
    const int error = number ? ::getgrgid_r(static_cast<gid_t>(*number), &entry, buffer.data(), room, &found)
                             : ::getgrnam_r(text.c_str(), &entry, buffer.data(), room, &found);
    if (error == EINTR || error == ERANGE) continue;
    if (found == nullptr) return std::nullopt;
    return found->gr_gid;
  }
  return std::nullopt;
}

}  // namespace

std::string expand_home(std::string_view path) {
  if (!path.starts_with('~')) return std::string(path);
  const std::size_t slash = path.find('/');
  const std::string user(path.substr(1, slash == std::string_view::npos ? slash : slash - 1));
  std::string home;
  if (const char* given = std::getenv("HOME"); user.empty() && given != nullptr) {
    home = given;
  } else if (const auto found = user.empty() ? account_of(::getuid()) : account_of(user)) {
    home = found->home;
  } else {
    return std::string(path);
  }
  while (home.ends_with('/')) home.pop_back();
  const std::string_view rest = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  return home.empty() && rest.empty() ? "/" : home + std::string(rest);
}

Parsed<std::string> parse_directory(std::string_view text, const std::string& base) {
  std::string path = expand_home(text);
  if (is_directory(absolute_path(base, path))) return path;
  return bad(fmt::format("there is no directory \"{}\"", path), "make it first");
}

Parsed<std::string> parse_file(std::string_view text, const std::string& base) {
  std::string path = expand_home(text);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return path;
  const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
  if (is_directory(absolute_path(base, directory))) return path;
  return bad(fmt::format("the directory \"{}\" of this path does not exist", directory), "make it first");
}

Parsed<LogFile> parse_log_file(std::string_view text, const std::string& base) {
  const std::string word = lower(text);
  if (word == "none" || word == "off") return LogFile{.kind = LogFile::Kind::none};
  if (word == "auto") return LogFile{.kind = LogFile::Kind::automatic};
  if (word == "syslog") return LogFile{.kind = LogFile::Kind::syslog};
  auto path = parse_file(text, base);
  if (!path) return std::unexpected(std::move(path.error()));
  return LogFile{.kind = LogFile::Kind::path, .path = std::move(*path)};
}

Parsed<User> parse_user(std::string_view text) {
  const auto number = parse_integer(text);
  const bool is_possible = !number || (*number >= 0 && *number <= 0xFFFFFFFE);
  const auto found = !is_possible ? std::nullopt
                     : number     ? account_of(static_cast<uid_t>(*number))
                                  : account_of(std::string(text));
  if (!found) return bad(fmt::format("there is no user \"{}\"", text), "getent passwd lists the users of this machine");
  return User{.text = std::string(strip(text)), .uid = found->uid};
}

Parsed<Owner> parse_owner(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto user = parse_user(text.substr(0, colon));
  if (!user) return std::unexpected(user.error());
  Owner owner{.uid = user->uid, .gid = {}};
  if (colon == std::string_view::npos) return owner;
  owner.gid = group_of(std::string(text.substr(colon + 1)));
  if (owner.gid) return owner;
  return bad(fmt::format("there is no group \"{}\"", text.substr(colon + 1)));
}

}  // namespace foster::config::supervisord
