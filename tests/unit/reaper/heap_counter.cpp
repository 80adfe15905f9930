#include "unit/reaper/heap_counter.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>

namespace foster::reaper::testing {
namespace {

struct Counter {
  std::atomic<int> pid;
  std::atomic<unsigned long> calls;
};
Counter* g_counter = nullptr;

[[maybe_unused]] void count() {
  if (g_counter != nullptr && g_counter->pid.load() == ::getpid()) ++g_counter->calls;
}

}  // namespace

bool counts_heap() {
#ifdef FOSTER_SANITIZED
  return false;
#else
  return true;
#endif
}

void start_counting_heap() {
  void* const page = ::mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_counter = static_cast<Counter*>(page);
}

void count_only_me() {
  g_counter->pid = ::getpid();
}

unsigned long heap_calls_of(int pid) {
  return g_counter->pid.load() == pid ? g_counter->calls.load() : ~0UL;
}

}  // namespace foster::reaper::testing

#ifndef FOSTER_SANITIZED
// Every way to the heap, operator new included, ends in one of these.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  foster::reaper::testing::count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  foster::reaper::testing::count();
  return __libc_calloc(number, size);
}
void* realloc(void* block, std::size_t size) {
  foster::reaper::testing::count();
  return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  foster::reaper::testing::count();
  return __libc_memalign(alignment, size);
}
}
#endif
