#include "supervisor/listeners.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <utility>

#include "sys/check.hpp"
#include "sys/listening.hpp"

namespace foster::supervisor {
namespace {

using reaper::HeldFds;
using reaper::MessageKind;

/// One a number, filled up with zeros. All builds read what one of them has written.
using Record = std::array<char, Listeners::kLongestName + 1>;

off_t offset_of(std::uint32_t number) {
  return static_cast<off_t>(number) * static_cast<off_t>(sizeof(Record));
}

std::string read_name(BorrowedFd file, std::uint32_t number) {
  Record record{};
  const ssize_t size =
      sys::retry_on_eintr([&] { return ::pread(file.get(), record.data(), record.size(), offset_of(number)); });
  if (size != static_cast<ssize_t>(record.size())) return {};
  return {record.begin(), std::ranges::find(record, '\0')};
}

UniqueFd copy_of(BorrowedFd fd) {
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

}  // namespace

Listeners::Listeners(sys::Channel& reaper, std::map<std::uint32_t, UniqueFd> inherited, UniqueFd names)
    : reaper_(reaper), names_(std::move(names)) {
  for (auto& [number, socket] : inherited) {
    const std::string name = read_name(names_, number);
    const bool is_known = !name.empty() && sys::is_listening(socket) && !listeners_.contains(name);
    if (is_known) {
      listeners_.emplace(name, Listener{.socket = std::move(socket), .number = number, .is_wanted = false});
    } else {
      release(number);
    }
  }
}

std::optional<UniqueFd> Listeners::find(const std::string& name) {
  const auto found = listeners_.find(name);
  if (found == listeners_.end()) return std::nullopt;
  UniqueFd copy = copy_of(found->second.socket);
  if (!copy) return std::nullopt;
  found->second.is_wanted = true;
  return copy;
}

void Listeners::keep(const std::string& name, BorrowedFd socket) {
  let_go(name);
  Listener listener{.socket = copy_of(socket), .number = free_number(), .is_wanted = true};
  if (!listener.socket) return warn_once(name);
  // The name first: who is lost before the socket is held leaves a name of nothing.
  if (listener.number && !write_name(*listener.number, name)) listener.number.reset();
  if (listener.number) {
    tell(MessageKind::hold_listener, *listener.number, listener.socket);
  } else {
    warn_once(name);
  }
  listeners_.emplace(name, std::move(listener));
}

void Listeners::let_go(const std::string& name) {
  const auto found = listeners_.find(name);
  if (found == listeners_.end()) return;
  // Closing would have an effect when the reaper has closed it, too, and that is later.
  (void)::shutdown(found->second.socket.get(), SHUT_RDWR);
  close(found);
}

void Listeners::close_unwanted() {
  for (auto listener = listeners_.begin(); listener != listeners_.end();) {
    const auto next = std::next(listener);
    if (!listener->second.is_wanted) close(listener);
    listener = next;
  }
}

void Listeners::close(std::map<std::string, Listener>::iterator listener) {
  if (listener->second.number) release(*listener->second.number);
  listeners_.erase(listener);
}

std::vector<std::string> Listeners::names(std::string_view beginning) const {
  std::vector<std::string> found;
  for (const auto& [name, listener] : listeners_) {
    if (name.starts_with(beginning)) found.push_back(name);
  }
  return found;
}

void Listeners::bequeath(HeldFds& held) const {
  if (!names_) return;
  held.hold(HeldFds::kListenerNames, copy_of(names_));
  for (const auto& [name, listener] : listeners_) {
    if (listener.number) held.hold(HeldFds::place_of_listener(*listener.number), copy_of(listener.socket));
  }
}

std::optional<std::uint32_t> Listeners::free_number() const {
  for (std::uint32_t number = 0; number < HeldFds::kListeners; ++number) {
    const auto has_it = [number](const auto& entry) { return entry.second.number == number; };
    if (std::ranges::none_of(listeners_, has_it)) return number;
  }
  return std::nullopt;
}

bool Listeners::write_name(std::uint32_t number, std::string_view name) {
  Record record{};
  if (name.size() >= record.size()) return false;
  if (!names_) {
    names_.reset(::memfd_create("listeners", MFD_CLOEXEC));
    if (!names_) return false;
    const reaper::Plain message{.header = {reaper::kWireVersion, MessageKind::hold_listener_names}};
    const BorrowedFd fds[] = {names_};
    (void)reaper_.send(bytes_of(message), fds);  // its reader always reads
  }
  std::ranges::copy(name, record.begin());
  const ssize_t size =
      sys::retry_on_eintr([&] { return ::pwrite(names_.get(), record.data(), record.size(), offset_of(number)); });
  return size == static_cast<ssize_t>(record.size());
}

// The name first: a socket without one is nobody's.
void Listeners::release(std::uint32_t number) {
  if (names_) (void)write_name(number, {});
  tell(MessageKind::release_listener, number);
}

void Listeners::tell(MessageKind kind, std::uint32_t number, std::optional<BorrowedFd> fd) {
  const reaper::Slot message{.header = {reaper::kWireVersion, kind}, .slot = number, .reserved = 0};
  const auto fds = fd ? std::span<const BorrowedFd>(&*fd, 1) : std::span<const BorrowedFd>();
  (void)reaper_.send(bytes_of(message), fds);  // its reader always reads
}

void Listeners::warn_once(const std::string& name) {
  if (std::exchange(has_warned_, true)) return;
  std::fprintf(stderr, "foster: %s is the first socket that no place is left for: a loss of the supervisor closes it\n",
               name.c_str());
}

}  // namespace foster::supervisor
