// The body of a log answer: several cursors taken in turn, as bytes or as server-sent events.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/http.hpp"
#include "api/log_name.hpp"
#include "api/log_position.hpp"

namespace foster::api {

enum class LogFormat : std::uint8_t { bytes, events };
enum class AfterTheEnd : std::uint8_t { stop, follow };

/// A log that patterns mean.
struct FoundLog {
  std::string instance;
  core::Stream stream = core::Stream::out;
  bool is_kept = true;
};

/// All logs that the patterns mean, in the order of the instances; every one for no pattern. stderr of an instance that
/// does not keep it apart is none.
[[nodiscard]] Answer<std::vector<FoundLog>> find_logs(ControlService& service, const std::vector<LogPattern>& patterns);

class LogSource final : public BodySource {
 public:
  LogSource(LogFormat format, AfterTheEnd after_the_end) : format_(format), after_the_end_(after_the_end) {}

  /// Reads this one too. What `from` has seen after its token is skipped.
  void add(std::string name, std::unique_ptr<LogCursor> cursor, const LogPosition& from = {});

  /// Never asks for this one: it has no log.
  void ignore(std::string name) { ignored_.push_back(std::move(name)); }

  /// Adds whatever appears later and matches the patterns; where one begins is in `from`, or it begins with the
  /// oldest that is kept.
  void follow_new_ones(ControlService& service, std::vector<LogPattern> patterns,
                       std::map<std::string, LogPosition> from);

  Progress read(std::string& out, std::size_t most, std::string& extension) override;
  void when_more(std::move_only_function<void()> more) override;

 private:
  struct Reader {
    std::string name;
    std::unique_ptr<LogCursor> cursor;
    std::uint64_t skip = 0;
    std::string partial;  ///< The beginning of a line, for events.
    bool has_more = true;
    bool is_armed = false;
  };

  [[nodiscard]] bool read_one(Reader& reader, std::string& out, std::size_t most, std::string& extension);
  static void append_line(Reader& reader, std::string_view id, std::string& out);
  void append_lines(Reader& reader, std::string_view bytes, const LogPosition& begin, std::string& out);
  void look_for_new_ones();
  [[nodiscard]] bool is_known(std::string_view name) const;
  void fire();

  LogFormat format_;
  AfterTheEnd after_the_end_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::string> ignored_;
  std::size_t turn_ = 0;
  ControlService* service_ = nullptr;
  std::vector<LogPattern> patterns_;
  std::map<std::string, LogPosition> from_;
  std::unique_ptr<EventCursor> events_;
  bool events_armed_ = false;
  std::move_only_function<void()> more_;
};

}  // namespace foster::api
