#include "reaper/handover.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sys/check.hpp"

namespace foster::reaper {
namespace {

constexpr int kFirstHighNumber = 256;

bool write_whole(BorrowedFd file, const void* bytes, std::size_t size) noexcept {
  return sys::retry_on_eintr([&] { return ::write(file.get(), bytes, size); }) == static_cast<ssize_t>(size);
}

bool read_whole(BorrowedFd file, void* bytes, std::size_t size) noexcept {
  return sys::retry_on_eintr([&] { return ::read(file.get(), bytes, size); }) == static_cast<ssize_t>(size);
}

void set_flags(const Handover& handover, const HeldFds& held, int flags) noexcept {
  for (const int fd : {handover.channel, handover.supervisor_channel, handover.lock, handover.listener}) {
    if (fd >= 0) (void)::fcntl(fd, F_SETFD, flags);  // cannot fail on a descriptor that is open
  }
  held.for_each([&](std::uint32_t, BorrowedFd fd) { (void)::fcntl(fd.get(), F_SETFD, flags); });
}

void place_apart(Inherited& found, std::uint32_t place, UniqueFd fd) {
  if (place == HeldFds::kWatch) {
    found.watch = std::move(fd);
  } else if (place == HeldFds::kListenerNames) {
    found.listener_names = std::move(fd);
  } else if (place < HeldFds::kListenerNames) {
    found.listeners.insert_or_assign(place - HeldFds::kFirstListener, std::move(fd));
  }
}

}  // namespace

Result<UniqueFd> hand_over(const Handover& handover, const HeldFds& held) noexcept {
  UniqueFd file(::memfd_create("handover", MFD_CLOEXEC));
  if (!file) return failure("memfd", errno);
  Handover header = handover;
  header.held = 0;
  held.for_each([&](std::uint32_t, BorrowedFd) { ++header.held; });
  bool is_written = write_whole(file, &header, sizeof header);
  held.for_each([&](std::uint32_t place, BorrowedFd fd) {
    const HeldFd one{place, fd.get()};
    is_written = is_written && write_whole(file, &one, sizeof one);
  });
  if (!is_written || ::lseek(file.get(), 0, SEEK_SET) != 0) return failure("memfd", errno);
  set_flags(handover, held, 0);
  return file;
}

void keep_all(const Handover& handover, const HeldFds& held) noexcept {
  set_flags(handover, held, FD_CLOEXEC);
}

void list_held(BorrowedFd file, const HeldFds& held, std::vector<int>& numbers) noexcept {
  if (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) return;
  held.for_each([&](std::uint32_t place, BorrowedFd fd) {
    const HeldFd one{place, fd.get()};
    if (numbers.size() < numbers.capacity() && write_whole(file, &one, sizeof one)) numbers.push_back(fd.get());
  });
}

Inherited take_inherited(BorrowedFd file) {
  Inherited found;
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return found;
  for (HeldFd one{}; read_whole(file, &one, sizeof one);) {
    if (one.fd < 0 || ::fcntl(one.fd, F_SETFD, FD_CLOEXEC) != 0) continue;
    UniqueFd fd(one.fd);
    if (UniqueFd moved(::fcntl(one.fd, F_DUPFD_CLOEXEC, kFirstHighNumber)); moved) fd = std::move(moved);
    if (one.place >= HeldFds::kFirstListener) {
      place_apart(found, one.place, std::move(fd));
      continue;
    }
    const ledger::Slot slot = one.place % ledger::kSlots;
    switch (static_cast<HeldFds::Kind>(one.place / ledger::kSlots)) {
      case HeldFds::Kind::fifo:
        found.fifos.insert_or_assign(slot, std::move(fd));
        break;
      case HeldFds::Kind::process:
        found.processes.insert_or_assign(slot, std::move(fd));
        break;
      case HeldFds::Kind::stderr_fifo:
        found.stderr_fifos.insert_or_assign(slot, std::move(fd));
        break;
    }  // what a newer build holds beside is closed
  }
  return found;
}

Result<Handover> take_over(BorrowedFd file, HeldFds& held) {
  Handover handover;
  std::uint32_t size = 0;
  if (!read_whole(file, &size, sizeof size) || size < sizeof handover) return failure("handover", EBADMSG);
  if (::lseek(file.get(), 0, SEEK_SET) != 0 || !read_whole(file, &handover, sizeof handover)) {
    return failure("handover", EBADMSG);
  }
  // A newer build may have written more than we know.
  if (::lseek(file.get(), size, SEEK_SET) != static_cast<off_t>(size)) return failure("handover", EBADMSG);
  for (std::uint32_t n = 0; n < handover.held; ++n) {
    HeldFd one{};
    if (!read_whole(file, &one, sizeof one) || one.fd < 0) return failure("handover", EBADMSG);
    held.hold(one.place, UniqueFd(one.fd));
  }
  set_flags(handover, held, FD_CLOEXEC);
  return handover;
}

}  // namespace foster::reaper
