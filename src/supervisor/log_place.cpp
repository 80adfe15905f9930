#include "supervisor/log_place.hpp"

#include <fcntl.h>

#include <filesystem>
#include <utility>

#include "core/command_line.hpp"
#include "logs/log_name.hpp"
#include "sys/files.hpp"

namespace foster::supervisor {

std::string log_path(const core::Service& service, unsigned index, core::Stream stream,
                     const std::string& log_directory) {
  const core::LogPolicy* log = core::own_log(service, stream);
  if (log == nullptr || !log->enabled) return {};
  if (!log->file.empty()) return core::expand_text(service, index, log->file);
  const std::string instance = core::instance_name(service, index);
  return log_directory + "/" +
         (stream == core::Stream::out ? logs::log_file_name(instance) : logs::stderr_log_file_name(instance));
}

Result<LogPlace> find_log_place(const std::string& path, const LogDirectory& own) {
  const std::filesystem::path parts(path);
  const std::string directory = parts.parent_path().string();
  if (directory == own.path) return LogPlace{.directory = own.fd, .file_name = parts.filename().string()};
  auto opened = sys::open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!opened) return Failure(opened.error());
  const BorrowedFd fd = *opened;
  return LogPlace{.directory = fd, .file_name = parts.filename().string(), .opened = std::move(*opened)};
}

}  // namespace foster::supervisor
