#include "supervisor/supervisord/available.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "supervisor/definitions.hpp"
#include "sys/files.hpp"

namespace foster::supervisor::supervisord {
namespace {

constexpr std::size_t kMostBytes = 64 << 20;

std::string name_of(const UniqueFd& file) {
  return "/proc/self/fd/" + std::to_string(file.get());
}

}  // namespace

Result<> Available::store(core::Model model, const std::string& config) {
  if (auto stored = store_definitions(path_, model, {.config = config, .ad_hoc = {}}); !stored) return stored;
  model_ = std::move(model);
  return recall();
}

Result<> Available::recall() {
  auto opened = sys::open_file(path_, O_RDONLY | O_NOFOLLOW);
  if (!opened) return Failure(opened.error());
  file_ = std::move(*opened);
  return {};
}

Result<> Available::keep() const {
  const auto text = sys::read_file(name_of(file_), kMostBytes);
  return text ? sys::replace_file(path_, *text) : Failure(text.error());
}

void Available::forget_stored() const {
  (void)::unlink(path_.c_str());
}

Result<const core::Model*> Available::model() const {
  if (!model_) {
    auto loaded = load_definitions(name_of(file_), "available");
    if (!loaded) return Failure(loaded.error());
    model_ = std::move(loaded->model);
  }
  return &*model_;
}

}  // namespace foster::supervisor::supervisord
