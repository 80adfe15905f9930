// A foster.toml of any bytes: nothing crashes or hangs, and what loads is written and read back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.hpp"

namespace {

using namespace foster;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_model(const core::Model& model) {
  const auto again = config::load_text(config::model_to_toml(model), "stored", "/elsewhere", "other");
  require(again.has_value());
  require(*again == model);
  for (const core::Service& service : model.services) {
    auto read = config::service_from_json(service.name, config::service_to_json(service), "/elsewhere");
    require(read.has_value());
    // The JSON library may round the last bit of a number.
    read->backoff.factor = service.backoff.factor;
    read->backoff.jitter = service.backoff.jitter;
    require(*read == service);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto model = config::load_text(text, "foster.toml", "/nowhere", "name");
  if (model) {
    check_model(*model);
  } else {
    require(!model.error().empty());
    require(!config::render(model.error(), {.colour = true}).empty());
  }
  return 0;
}
