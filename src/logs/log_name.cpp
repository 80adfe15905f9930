#include "logs/log_name.hpp"

#include <algorithm>

namespace foster::logs {

std::string log_file_name(std::string_view instance) {
  std::string name(instance);
  // A colon is awkward in file names (scp, make, PATH); a slash cannot be in one.
  std::ranges::replace_if(name, [](char byte) { return byte == ':' || byte == '/'; }, '.');
  return name + ".log";
}

std::string rotated_name(std::string_view file_name, unsigned number) {
  std::string name(file_name);
  if (number > 0) name += "." + std::to_string(number);
  return name;
}

}  // namespace foster::logs
