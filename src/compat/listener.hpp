// The conversation with one event listener, as far as its stdout goes: "READY", then an event, then "RESULT". Nothing
// here is done; what was said is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace foster::compat {

enum class ListenerState : std::int16_t {
  ready = 10,         ///< An event may be sent.
  busy = 20,          ///< It has one.
  acknowledged = 30,  ///< It has to say that it is ready. The first state of each run.
  unknown = 40,       ///< It said something else: it gets no event for the rest of its run.
};

/// "READY"
[[nodiscard]] std::string_view name_of(ListenerState state);

/// What became of the event it was busy with.
enum class EventAnswer : std::uint8_t {
  processed,
  rejected,   ///< To be sent again.
  bad_result  ///< Nobody knows. To be sent again, to another.
};

class Listener {
 public:
  /// All that is known of the conversation, to be kept and gone on with.
  struct Memory {
    ListenerState state = ListenerState::acknowledged;
    std::string unread = {};                    ///< What was written, and does not make sense yet.
    std::optional<std::uint64_t> missing = {};  ///< Of a result that was announced: the bytes that have not come.
    std::string result = {};                    ///< Its first bytes.
    /// It may have got its last event twice, and answers the second time when nobody asked.
    bool may_repeat_itself = false;
    friend bool operator==(const Memory&, const Memory&) = default;
  };

  struct Said {
    std::optional<EventAnswer> answer = {};
    std::string bad_line = {};  ///< With `bad_result`: what it said instead.
    std::vector<std::pair<ListenerState, ListenerState>> changes = {};
  };

  Listener() = default;
  explicit Listener(Memory memory) : it_(std::move(memory)) {}

  [[nodiscard]] ListenerState state() const { return it_.state; }
  [[nodiscard]] const Memory& memory() const { return it_; }

  /// It wrote this.
  [[nodiscard]] Said hear(std::string_view output);
  /// It is sent an event. Only one that is ready may be.
  void send();
  /// The event was sent, or was not: it goes to it again.
  void send_again() { it_.may_repeat_itself = true; }
  /// Another run begins.
  void begin() { it_ = {}; }

 private:
  [[nodiscard]] bool take_some(Said& said);
  [[nodiscard]] bool take_ready(Said& said);
  [[nodiscard]] bool take_result_line(Said& said);
  [[nodiscard]] bool take_result(Said& said);
  [[nodiscard]] bool is_repetition() const;
  void enter(ListenerState state, Said& said);

  Memory it_;
};

}  // namespace foster::compat
