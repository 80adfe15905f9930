// XML-RPC from strangers: nothing crashes, and what is read can be written and read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>

#include "compat/base64.hpp"
#include "compat/xml_rpc_read.hpp"
#include "compat/xml_rpc_write.hpp"
#include "compat/xml_text.hpp"

namespace {

using namespace foster::compat;

void require(bool holds) {
  if (!holds) std::abort();
}

// base64 may hold bytes that are no text: what is written of them is read as it will be ever after.
void check_comes_back(const auto& value, auto read, auto write) {
  const auto once = read(write(value));
  require(once.has_value());
  require(read(write(*once)) == *once);
}

std::string write(const Response& response) {
  return std::visit([](const auto& one) { return write_response(one); }, response);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto call = read_call(text)) {
    check_comes_back(*call, read_call, write_call);
  } else {
    require(!call.error().detail.empty());
  }
  if (const auto response = read_response(text)) check_comes_back(*response, read_response, write);

  const std::string valid = valid_xml_text(text);
  require(valid_xml_text(valid) == valid);
  require(read_response(write_response(Value(text))) == Response(Value(valid)));
  require(from_base64(to_base64(text)) == text);
  return 0;
}
