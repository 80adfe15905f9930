// %(name)s in its values: nothing crashes, and what must hold does.
#include "supervisord.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  foster::fuzz::check_supervisord_expansion({reinterpret_cast<const char*>(data), size});
  return 0;
}
