#include "compat/growing_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/files.hpp"

namespace foster::compat {

Result<GrowingFile> GrowingFile::open(std::string path, off_t last_bytes) {
  auto fd = sys::open_file(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return Failure(fd.error());
  struct stat status{};
  if (::fstat(fd->get(), &status) != 0) return failure("fstat", errno, path);
  const off_t position = std::max<off_t>(status.st_size - last_bytes, 0);
  return GrowingFile(std::move(path), std::move(*fd), position);
}

std::string GrowingFile::read(std::size_t most) {
  std::string text = read_here(most);
  if (!text.empty() || !was_replaced()) return text;
  auto next = sys::open_file(path_, O_RDONLY | O_NONBLOCK);
  if (!next) return {};  // a rotation is not done yet
  fd_ = std::move(*next);
  position_ = 0;
  return read_here(most);
}

std::string GrowingFile::read_here(std::size_t most) {
  struct stat status{};
  if (::fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size < position_) position_ = 0;
  std::string text(most, '\0');
  const ssize_t count = ::pread(fd_.get(), text.data(), text.size(), position_);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  position_ += static_cast<off_t>(text.size());
  return text;
}

bool GrowingFile::was_replaced() const {
  struct stat mine{};
  struct stat named{};
  if (::fstat(fd_.get(), &mine) != 0 || ::stat(path_.c_str(), &named) != 0) return false;
  return mine.st_ino != named.st_ino || mine.st_dev != named.st_dev;
}

}  // namespace foster::compat
