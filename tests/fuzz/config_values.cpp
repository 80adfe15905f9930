// The small languages of a config, chosen by the first byte: nothing crashes, and what is read is printed
// and read back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/address.hpp"
#include "config/env_file.hpp"
#include "config/load.hpp"
#include "config/shell_words.hpp"
#include "config/suggest.hpp"
#include "config/utf8.hpp"
#include "config/values.hpp"

namespace {

using namespace foster;
using namespace foster::config;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_round_trip(std::string_view text, auto parse, auto format) {
  const auto value = parse(text);
  if (!value) return require(!value.error().message.empty());
  const auto again = parse(format(*value));
  require(again.has_value() && *again == *value);
}

void check_words(std::string_view text) {
  (void)needs_shell(text);
  const auto words = split_words(text);
  if (words) require(split_words(join_words(*words)) == words);
}

void check_env_file(std::string_view text) {
  const EnvFile file = parse_env_file(text, ".env");
  for (const auto& [name, value] : file.variables) {
    require(is_environment_name(name) && is_utf8(value) && !value.contains('\0'));
  }
  (void)render(file.diagnostics);
}

void check_json(std::string_view text) {
  auto service = service_from_json("web", text, "/nowhere");
  if (!service) return require(!render(service.error()).empty());
  auto again = service_from_json("web", service_to_json(*service), "/elsewhere");
  require(again.has_value());
  // The JSON library may round the last bit of a number.
  again->backoff.factor = service->backoff.factor;
  again->backoff.jitter = service->backoff.jitter;
  require(*again == *service);
}

void check_texts(std::string_view text) {
  (void)is_utf8(text);
  (void)default_name_for(text);
  for (const std::string_view known : {"restart", "environment"}) (void)did_you_mean(text, {&known, 1});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0]) {
    case 'd':
      check_round_trip(text, parse_duration, format_duration);
      break;
    case 's':
      check_round_trip(text, parse_size, format_size);
      break;
    case 'g':
      check_round_trip(text, parse_signal, format_signal);
      break;
    case 'm':
      check_round_trip(text, parse_mode, format_mode);
      break;
    case 'b':
      check_round_trip(text, parse_boolean, format_boolean);
      break;
    case 't':
      check_round_trip(text, parse_tcp_address, format_tcp_address);
      break;
    case 'h':
      check_round_trip(text, parse_http_url, format_http_url);
      break;
    case 'w':
      check_words(text);
      break;
    case 'e':
      check_env_file(text);
      break;
    case 'j':
      check_json(text);
      break;
    default:
      check_texts(text);
  }
  return 0;
}
