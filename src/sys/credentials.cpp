#include "sys/credentials.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace foster::sys {
namespace {

constexpr std::size_t kMostBuffer = 1 << 20;

/// Runs one of the get…_r functions with a buffer as large as it wants. The record's strings lie in `buffer`.
template <class Record, class Call>
Result<bool> look_up(Record& record, std::vector<char>& buffer, const std::string& what, Call call) {
  buffer.resize(1024);
  for (;;) {
    Record* found = nullptr;
    const int code = call(&record, buffer.data(), buffer.size(), &found);
    if (code == 0) return found != nullptr;
    if (code == ERANGE && buffer.size() < kMostBuffer) {
      buffer.resize(buffer.size() * 4);
      continue;
    }
    if (code == EINTR) continue;
    // Some say "not found" this way (getpwnam(3)).
    if (code == ENOENT || code == ESRCH || code == EBADF || code == EPERM) return false;
    return failure("look up", code, what);
  }
}

User user_of(const passwd& record) {
  return {.name = record.pw_name,
          .uid = record.pw_uid,
          .gid = record.pw_gid,
          .home = record.pw_dir != nullptr && *record.pw_dir != '\0' ? record.pw_dir : "/",
          .shell = record.pw_shell != nullptr && *record.pw_shell != '\0' ? record.pw_shell : "/bin/sh"};
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char byte) { return byte >= '0' && byte <= '9'; });
}

/// The largest value means "leave it as it is" to the kernel (setresuid(2)), and is nobody's number.
Result<std::uint32_t> parse_id(std::string_view text, const std::string& what) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == UINT32_MAX) {
    return failure(what, ERANGE, std::string(text));
  }
  return number;
}

Failure nobody(const std::string& kind, std::string_view name) {
  return failure(kind, 0, std::string(name) + ": no such " + kind);
}

}  // namespace

Result<User> find_user(uid_t uid) {
  passwd record{};
  std::vector<char> buffer;
  const auto found =
      look_up(record, buffer, "uid " + std::to_string(uid), [uid](auto... rest) { return ::getpwuid_r(uid, rest...); });
  if (!found) return std::unexpected(found.error());
  if (*found) return user_of(record);
  return User{.name = {}, .uid = uid, .gid = uid, .home = "/", .shell = "/bin/sh"};
}

Result<User> find_user(std::string_view name_or_number) {
  const std::string name(name_or_number);
  passwd record{};
  std::vector<char> buffer;
  // A name of digits alone is legal, so the name comes first.
  const auto found =
      look_up(record, buffer, "user " + name, [&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); });
  if (!found) return std::unexpected(found.error());
  if (*found) return user_of(record);
  if (!is_number(name)) return nobody("user", name);
  const auto number = parse_id(name, "user");
  if (!number) return std::unexpected(number.error());
  return find_user(static_cast<uid_t>(*number));
}

Result<gid_t> find_group(std::string_view name_or_number) {
  const std::string name(name_or_number);
  group record{};
  std::vector<char> buffer;
  const auto found =
      look_up(record, buffer, "group " + name, [&](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); });
  if (!found) return std::unexpected(found.error());
  if (*found) return record.gr_gid;
  if (!is_number(name)) return nobody("group", name);
  return parse_id(name, "group");
}

Result<std::vector<gid_t>> supplementary_groups(const User& user, gid_t primary) {
  if (user.name.empty()) return std::vector<gid_t>{primary};
  std::vector<gid_t> groups(16);
  for (;;) {
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(user.name.c_str(), primary, groups.data(), &count) >= 0) {
      groups.resize(static_cast<std::size_t>(count));
      return groups;
    }
    // It failed without saying how many there are: no progress would be made.
    if (static_cast<std::size_t>(count) <= groups.size()) return failure("groups of", EIO, user.name);
    groups.resize(static_cast<std::size_t>(count));
  }
}

Result<Credentials> find_credentials(std::string_view user, std::string_view group) {
  auto found = user.empty() ? find_user(::geteuid()) : find_user(user);
  if (!found) return std::unexpected(found.error());
  gid_t gid = user.empty() ? ::getegid() : found->gid;
  if (!group.empty()) {
    const auto wanted = find_group(group);
    if (!wanted) return std::unexpected(wanted.error());
    gid = *wanted;
  }
  auto groups = supplementary_groups(*found, gid);
  if (!groups) return std::unexpected(groups.error());
  return Credentials{std::move(*found), gid, std::move(*groups)};
}

}  // namespace foster::sys
