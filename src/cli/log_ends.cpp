#include "cli/log_ends.hpp"

#include <fcntl.h>

#include "api/log_name.hpp"
#include "logs/log_place.hpp"
#include "logs/tail.hpp"
#include "sys/files.hpp"

namespace foster::cli {

namespace {

/// Calls `deed` for each log that the services of the model keep.
template <class Deed>
void for_each_log(const core::Model& model, Deed deed) {
  for (const core::Service& service : model.services) {
    for (unsigned index = 0; index < service.workers; ++index) {
      for (const core::Stream stream : {core::Stream::out, core::Stream::err}) {
        const core::LogPolicy* log = core::own_log(service, stream);
        if (log != nullptr && log->enabled) deed(service, index, stream);
      }
    }
  }
}

}  // namespace

std::vector<std::string> log_names(const core::Model& model) {
  std::vector<std::string> names;
  for_each_log(model, [&](const core::Service& service, unsigned index, core::Stream stream) {
    names.push_back(api::log_name(core::instance_name(service, index), stream));
  });
  return names;
}

std::map<std::string, std::string> ends_of_logs(const std::string& directory, const core::Model& model) {
  std::map<std::string, std::string> ends;
  const auto opened = sys::open_file(directory, O_DIRECTORY | O_RDONLY);
  if (!opened) return ends;
  for_each_log(model, [&](const core::Service& service, unsigned index, core::Stream stream) {
    const std::string path = logs::log_path(service, index, stream, directory);
    const auto place = logs::find_log_place(path, {.fd = *opened, .path = directory});
    if (!place || !place->keeps()) return;
    const auto reader = logs::LogReader::from_last_lines(place->directory, place->file_name, 0);
    if (!reader || reader->position().empty()) return;
    ends[api::log_name(core::instance_name(service, index), stream)] = reader->position();
  });
  return ends;
}

}  // namespace foster::cli
