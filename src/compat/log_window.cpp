#include "compat/log_window.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/files.hpp"

namespace foster::compat {
namespace {

// More at once would be more than a client can use, and than this process should hold.
constexpr std::int64_t kMostBytes = 64 << 20;

struct Opened {
  UniqueFd fd;
  std::int64_t size;
};

Outcome<Opened> open_log(const std::string& path) {
  auto fd = sys::open_file(path, O_RDONLY | O_NONBLOCK);
  if (!fd) {
    const bool is_absent = fd.error().code == ENOENT || fd.error().code == ENOTDIR;
    return is_absent ? refusal(FaultCode::no_file) : refusal(FaultCode::failed);
  }
  // Of what goes by, as a pipe, nothing can be read again.
  struct stat status{};
  const off_t size = ::lseek(fd->get(), 0, SEEK_END);
  if (size < 0 || ::fstat(fd->get(), &status) != 0 || S_ISDIR(status.st_mode)) return refusal(FaultCode::failed);
  return Opened{.fd = std::move(*fd), .size = size};
}

Outcome<std::string> read_at(const UniqueFd& fd, std::int64_t begin, std::int64_t length) {
  std::string text(static_cast<std::size_t>(std::clamp<std::int64_t>(length, 0, kMostBytes)), '\0');
  std::size_t taken = 0;
  while (taken < text.size()) {
    const ssize_t count = ::pread(fd.get(), text.data() + taken, text.size() - taken,
                                  static_cast<off_t>(begin) + static_cast<off_t>(taken));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refusal(FaultCode::failed);
    if (count == 0) break;
    taken += static_cast<std::size_t>(count);
  }
  text.resize(taken);
  return text;
}

}  // namespace

Outcome<std::string> read_window(const std::string& path, std::int64_t offset, std::int64_t length) {
  if (length < 0 || (offset < 0 && length != 0)) return refusal(FaultCode::bad_arguments);
  const auto opened = open_log(path);
  if (!opened) return std::unexpected(opened.error());
  const std::int64_t begin = offset < 0 ? std::max<std::int64_t>(opened->size + offset, 0) : offset;
  const std::int64_t rest = std::max<std::int64_t>(opened->size - begin, 0);
  return read_at(opened->fd, begin, length == 0 ? rest : std::min(length, rest));
}

TailWindow tail_window(const std::string& path, std::int64_t offset, std::int64_t length) {
  constexpr std::int64_t kEndless = std::int64_t{1} << 62;
  length = std::clamp(length, -kEndless, kEndless);
  const auto opened = open_log(path);
  if (!opened) return {.text = {}, .offset = opened.error().code == FaultCode::no_file ? 0 : offset};
  const std::int64_t size = opened->size;
  TailWindow window{.text = {}, .offset = size, .has_overflow = size - length > offset};
  if (length <= 0 || (!window.has_overflow && offset >= size)) return window;
  const bool is_exact = !window.has_overflow && size - length == offset;
  const std::int64_t begin = std::max<std::int64_t>(is_exact ? offset : size - length, 0);
  window.text = read_at(opened->fd, begin, size - begin).value_or(std::string{});
  return window;
}

}  // namespace foster::compat
