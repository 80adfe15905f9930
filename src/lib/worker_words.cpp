#include "lib/worker_words.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <new>

namespace foster {

Result<SharedWords> SharedWords::make() {
  void* page = ::mmap(nullptr, sizeof(WorkerWords), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return failure("map shared memory", errno);
  return SharedWords(new (page) WorkerWords);
}

SharedWords::~SharedWords() {
  if (words_ != nullptr) (void)::munmap(words_, sizeof(WorkerWords));
}

}  // namespace foster
