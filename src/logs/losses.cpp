#include "logs/losses.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::logs {

Losses::Losses(BorrowedFd directory, std::string file_name) : directory_(directory), file_name_(std::move(file_name)) {
  const auto file = sys::open_at(directory, file_name_, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) return;
  Numbers found;
  const auto got = sys::retry_on_eintr([&] { return ::pread(file->get(), &found, sizeof found, 0); });
  if (got == sizeof found) numbers_ = found;
}

void Losses::add_output(std::uint64_t bytes, int code) {
  numbers_.total += bytes;
  numbers_.untold += bytes;
  numbers_.code = code;
  store();
}

void Losses::add_files(std::uint64_t bytes) {
  numbers_.total += bytes;
  store();
}

void Losses::told() {
  numbers_.untold = 0;
  store();
}

std::string Losses::line() const {
  const auto why = std::error_code(static_cast<int>(numbers_.code), std::generic_category()).message();
  return fmt::format("foster: {} bytes were dropped here: {}\n", numbers_.untold, why);
}

void Losses::store() const {
  if (!directory_) return;
  const auto file = sys::open_at(*directory_, file_name_, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (!file) return;
  (void)sys::retry_on_eintr([&] { return ::pwrite(file->get(), &numbers_, sizeof numbers_, 0); });
}

}  // namespace foster::logs
