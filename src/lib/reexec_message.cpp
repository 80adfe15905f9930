#include "lib/reexec_message.hpp"

#include <charconv>
#include <utility>

namespace foster {
namespace {

constexpr std::string_view kFormat = "foster reexec 1";

class Writer {
 public:
  void text(std::string_view value) { bytes_.append(value).push_back('\0'); }
  void number(long value) { text(std::to_string(value)); }
  void stream(const StreamTarget& target) {
    number(static_cast<long>(target.index()));
    const auto* file = std::get_if<FileStream>(&target);
    text(file == nullptr ? std::string() : file->path.native());
  }
  [[nodiscard]] std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what the writer wrote; `is_sound` turns false at the first thing that it cannot have written.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string text() {
    const auto end = rest_.find('\0');
    if (end == std::string_view::npos) {
      is_sound_ = false;
      return {};
    }
    std::string value(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return value;
  }
  long number() {
    const std::string digits = text();
    long value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) is_sound_ = false;
    return value;
  }
  bool flag() { return number() != 0; }
  std::size_t count() {
    const long value = number();
    // As many as there can be at most, each with its zero byte.
    if (value < 0 || std::cmp_greater(value, rest_.size())) is_sound_ = false;
    return is_sound_ ? static_cast<std::size_t>(value) : 0;
  }
  StreamTarget stream() {
    const long kind = number();
    std::string path = text();
    switch (kind) {
      case 0:
        return KeepStream{};
      case 1:
        return NullStream{};
      case 2:
        return FileStream{std::move(path)};
      default:
        is_sound_ = false;
        return KeepStream{};
    }
  }
  [[nodiscard]] bool is_sound() const { return is_sound_; }
  [[nodiscard]] bool is_sound_to_its_end() const { return is_sound_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_sound_ = true;
};

}  // namespace

std::string to_bytes(const ReexecMessage& message) {
  const DaemonizeOptions& options = message.options;
  Writer to;
  to.text(kFormat);
  to.number(message.launcher);
  for (const bool flag : {options.new_session, options.fork_again, options.reset_signals, options.close_descriptors}) {
    to.number(flag ? 1 : 0);
  }
  to.number(options.directory ? 1 : 0);
  to.text(options.directory ? options.directory->native() : std::string());
  to.number(options.umask ? static_cast<long>(*options.umask) : -1);
  for (const auto* stream : {&options.standard_input, &options.standard_output, &options.standard_error}) {
    to.stream(*stream);
  }
  to.number(static_cast<long>(options.keep_descriptors.size()));
  for (const int number : options.keep_descriptors) to.number(number);
  to.number(options.pidfile ? 1 : 0);
  to.text(options.pidfile ? options.pidfile->native() : std::string());
  to.number(static_cast<long>(options.pidfile_removal));
  to.number(options.identity ? 1 : 0);
  to.text(options.identity ? options.identity->user : std::string());
  to.text(options.identity ? options.identity->group : std::string());
  to.number(static_cast<long>(message.names.size()));
  for (const std::string& name : message.names) to.text(name);
  return std::move(to).take();
}

std::optional<ReexecMessage> reexec_message_from(std::string_view bytes) {
  Reader from(bytes);
  if (from.text() != kFormat) return std::nullopt;
  ReexecMessage message;
  DaemonizeOptions& options = message.options;
  message.launcher = static_cast<pid_t>(from.number());
  options.new_session = from.flag();
  options.fork_again = from.flag();
  options.reset_signals = from.flag();
  options.close_descriptors = from.flag();
  const bool has_directory = from.flag();
  std::string directory = from.text();
  options.directory.reset();
  if (has_directory) options.directory = std::move(directory);
  const long umask = from.number();
  options.umask.reset();
  if (umask >= 0) options.umask = static_cast<mode_t>(umask);
  options.standard_input = from.stream();
  options.standard_output = from.stream();
  options.standard_error = from.stream();
  for (std::size_t left = from.count(); left > 0 && from.is_sound(); --left) {
    options.keep_descriptors.push_back(static_cast<int>(from.number()));
  }
  const bool has_pidfile = from.flag();
  std::string pidfile = from.text();
  if (has_pidfile) options.pidfile = std::move(pidfile);
  options.pidfile_removal = from.flag() ? PidfileRemoval::by_destructor : PidfileRemoval::after_any_end;
  const bool has_identity = from.flag();
  UserAndGroup identity{from.text(), from.text()};
  if (has_identity) options.identity = std::move(identity);
  for (std::size_t left = from.count(); left > 0 && from.is_sound(); --left) message.names.push_back(from.text());
  if (!from.is_sound_to_its_end()) return std::nullopt;
  return message;
}

}  // namespace foster
