#include "sys/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace foster::sys {
namespace {

struct Pages {
  std::uintptr_t begin;
  std::uintptr_t end;
};
// More than this process has: what does not fit stays.
using Segments = std::array<Pages, 64>;

struct Found {
  Segments segments;
  std::size_t count = 0;
};

int find_read_only_pages(dl_phdr_info* object, std::size_t, void* result) {
  auto& found = *static_cast<Found*>(result);
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (std::size_t n = 0; n < object->dlpi_phnum && found.count < found.segments.size(); ++n) {
    const auto& segment = object->dlpi_phdr[n];
    // What can be written to may have been, and would be lost.
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const auto begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    found.segments[found.count++] = {begin, object->dlpi_addr + segment.p_vaddr + segment.p_memsz};
  }
  return 0;
}

}  // namespace

void release_unused_memory() noexcept {
#ifdef __GLIBC__
  (void)::malloc_trim(0);  // nothing to give back is no failure
#endif
  Found found{};
  (void)::dl_iterate_phdr(find_read_only_pages, &found);  // goes on to the last
  // Not before all is read: headers, too, lie in such pages. A refusal leaves everything as it is.
  for (std::size_t n = 0; n < found.count; ++n) {
    const Pages& pages = found.segments[n];
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the loader tells where a segment lies
    (void)::madvise(reinterpret_cast<void*>(pages.begin), pages.end - pages.begin, MADV_DONTNEED);
  }
}

}  // namespace foster::sys
