#include "cli/supervisord_file.hpp"

#include <sys/auxv.h>

#include <filesystem>

namespace foster::cli {

std::optional<std::string> find_supervisord_file(const std::string& program) {
  namespace fs = std::filesystem;
  const fs::path beside = fs::path(program).parent_path().parent_path();
  for (const fs::path& path : {beside / "etc/supervisord.conf", beside / "supervisord.conf",
                               fs::path("supervisord.conf"), fs::path("etc/supervisord.conf"),
                               fs::path("/etc/supervisord.conf"), fs::path("/etc/supervisor/supervisord.conf")}) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path.string();
  }
  return std::nullopt;
}

std::string executed_path() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the kernel hands pointers on
  const auto* executed = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  return executed != nullptr ? executed : "";
}

}  // namespace foster::cli
