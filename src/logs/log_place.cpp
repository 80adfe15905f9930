#include "logs/log_place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "core/command_line.hpp"
#include "core/standard_output.hpp"
#include "logs/log_name.hpp"
#include "sys/files.hpp"

namespace foster::logs {

std::string log_path(const core::Service& service, unsigned index, core::Stream stream,
                     const std::string& log_directory) {
  const core::LogPolicy* log = core::own_log(service, stream);
  if (log == nullptr || !log->enabled) return {};
  if (!log->file.empty()) return core::expand_text(service, index, log->file);
  const std::string instance = core::instance_name(service, index);
  return log_directory + "/" + (stream == core::Stream::out ? log_file_name(instance) : stderr_log_file_name(instance));
}

LogFile LogPlace::file(const Rotation& rotation) const {
  if (standard) return LogFile::standard(*standard);
  if (file_name.empty()) return LogFile::nowhere();
  return {directory, file_name, rotation, opened ? LogFile::Whose::user : LogFile::Whose::foster};
}

bool LogPlace::keeps() const {
  if (standard || file_name.empty()) return false;
  struct stat facts{};
  return ::fstatat(directory.get(), file_name.c_str(), &facts, 0) != 0 || S_ISREG(facts.st_mode);
}

Result<LogPlace> find_log_place(const std::string& path, const LogDirectory& own) {
  if (path.empty()) return LogPlace{.directory = own.fd};
  // Opened by its name it would be something else: a descriptor of ours has a place to write at, or is a socket.
  if (const auto stream = core::standard_stream(path)) {
    return LogPlace{.directory = own.fd, .standard = *stream == core::Stream::out ? STDOUT_FILENO : STDERR_FILENO};
  }
  const std::filesystem::path parts(path);
  const std::string directory = parts.parent_path().string();
  if (directory == own.path) return LogPlace{.directory = own.fd, .file_name = parts.filename().string()};
  auto opened = sys::open_file(directory, O_PATH | O_DIRECTORY);
  if (!opened) return Failure(opened.error());
  const BorrowedFd fd = *opened;
  return LogPlace{.directory = fd, .file_name = parts.filename().string(), .opened = std::move(*opened)};
}

}  // namespace foster::logs
