// XML-RPC from strangers: nothing crashes, and what is read is written so that it is read back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compat/base64.hpp"
#include "compat/xml_rpc_read.hpp"
#include "compat/xml_rpc_write.hpp"
#include "compat/xml_text.hpp"

namespace {

using namespace foster::compat;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto call = read_call(text)) {
    require(read_call(write_call(*call)) == *call);
  } else {
    require(!call.error().detail.empty());
  }
  if (const auto response = read_response(text)) require(read_response(write_response(*response)) == *response);

  const std::string valid = valid_xml_text(text);
  require(valid_xml_text(valid) == valid);
  require(read_response(write_response(Value(text))) == Response(Value(valid)));
  require(from_base64(to_base64(text)) == text);
  return 0;
}
