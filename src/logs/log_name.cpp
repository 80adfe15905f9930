#include "logs/log_name.hpp"

#include <algorithm>

namespace foster::logs {
namespace {

std::string name_without_ending(std::string_view instance) {
  std::string name(instance);
  // A colon is awkward in file names (scp, make, PATH); a dot could be part of another service's name.
  // A slash is in no instance's name, but perhaps in what a client asks for.
  std::ranges::replace(name, ':', '@');
  std::ranges::replace(name, '/', '@');
  return name;
}

}  // namespace

std::string log_file_name(std::string_view instance) {
  return name_without_ending(instance) + ".log";
}

std::string stderr_log_file_name(std::string_view instance) {
  return name_without_ending(instance) + "@stderr.log";
}

std::string rotated_name(std::string_view file_name, unsigned number) {
  std::string name(file_name);
  if (number > 0) name += "." + std::to_string(number);
  return name;
}

}  // namespace foster::logs
