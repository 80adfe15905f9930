#include "cli/log_ends.hpp"

#include <fcntl.h>

#include "logs/log_name.hpp"
#include "logs/tail.hpp"
#include "sys/files.hpp"

namespace foster::cli {

std::map<std::string, std::string> ends_of_logs(const std::string& directory, const core::Model& model) {
  std::map<std::string, std::string> ends;
  const auto opened = sys::open_file(directory, O_DIRECTORY | O_RDONLY);
  if (!opened) return ends;
  for (const core::Service& service : model.services) {
    for (unsigned index = 0; index < service.workers; ++index) {
      const std::string name = core::instance_name(service, index);
      const auto reader = logs::LogReader::from_last_lines(*opened, logs::log_file_name(name), 0);
      if (reader && !reader->position().empty()) ends[name] = reader->position();
    }
  }
  return ends;
}

}  // namespace foster::cli
