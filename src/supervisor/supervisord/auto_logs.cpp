#include "supervisor/supervisord/auto_logs.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::supervisor::supervisord {
namespace {

constexpr std::size_t kRandomCharacters = 8;
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789_";
constexpr int kTries = 1000;
constexpr std::string_view kEnding = ".log";

std::string random_name() {
  std::uint64_t bits = 0;
  (void)sys::retry_on_eintr([&] { return ::getrandom(&bits, sizeof bits, 0); });  // so few come whole or not at all
  std::string name;
  for (std::size_t n = 0; n < kRandomCharacters; ++n, bits /= kAlphabet.size())
    name += kAlphabet[bits % kAlphabet.size()];
  return name;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

std::string default_auto_log_directory() {
  std::vector<std::string> candidates;
  for (const char* variable : {"TMPDIR", "TEMP", "TMP"}) {
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') candidates.emplace_back(value);
  }
  candidates.insert(candidates.end(), {"/tmp", "/var/tmp", "/usr/tmp"});
  for (const std::string& candidate : candidates) {
    std::error_code ignored;
    const std::string path = std::filesystem::absolute(candidate, ignored);
    if (::access(path.c_str(), W_OK | X_OK) == 0 && std::filesystem::is_directory(path, ignored)) return path;
  }
  std::error_code ignored;
  return std::filesystem::current_path(ignored);
}

Result<std::string> make_auto_log(const AutoLogs& logs, std::string_view process, core::Stream stream) {
  const std::string begin = logs.directory + "/" + std::string(process) +
                            (stream == core::Stream::out ? "-stdout---" : "-stderr---") + logs.identifier + "-";
  for (int tries = 0;; ++tries) {
    std::string path = begin + random_name() + std::string(kEnding);
    const auto made = sys::open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (made) return path;
    if (made.error().code != EEXIST || tries == kTries) return Failure(made.error());
  }
}

bool is_auto_log(std::string_view file_name, std::string_view identifier) {
  const std::string mark = "---" + std::string(identifier) + "-";
  // At least one character before the mark, and one before the ending that is no blank.
  for (auto at = file_name.find(mark, 1); at != std::string_view::npos; at = file_name.find(mark, at + 1)) {
    const std::string_view rest = file_name.substr(at + mark.size());
    for (std::size_t n = 0; n < rest.size() && !is_blank(rest[n]); ++n) {
      if (n > 0 && rest.substr(n).starts_with(kEnding)) return true;
    }
  }
  return false;
}

std::size_t remove_auto_logs(const AutoLogs& logs) {
  std::vector<std::filesystem::path> found;
  std::error_code failed;
  for (std::filesystem::directory_iterator it(logs.directory, failed), end; !failed && it != end;
       it.increment(failed)) {
    if (is_auto_log(it->path().filename().native(), logs.identifier)) found.push_back(it->path());
  }
  std::size_t removed = 0;
  for (const auto& path : found) removed += ::unlink(path.c_str()) == 0 ? 1U : 0U;
  return removed;
}

}  // namespace foster::supervisor::supervisord
