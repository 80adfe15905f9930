// Links parts of the library that need nothing to run: tells VERSION.
#include <cstdio>
#include <cstring>

#include <foster/notify.hpp>
#include <foster/service.hpp>

int main(int argc, char** argv) {
  if (argc != 2 || std::strchr(argv[1], '.') == nullptr) return 2;
  if (foster::service_action("try-restart") != foster::ServiceAction::try_restart) return 3;
  foster::Notifier notifier = foster::Notifier::from_environment();
  if (const auto told = notifier.ready(argv[1]); !told) {
    std::fprintf(stderr, "%s\n", foster::to_string(told.error()).c_str());
    return 1;
  }
  return 0;
}
