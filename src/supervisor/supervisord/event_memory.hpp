// What event pools go on with after a loss of the supervisor: numbers, buffers, and which listener is busy with what.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <foster/result.hpp>

#include "compat/event_pool.hpp"
#include "compat/listener.hpp"
#include "logs/staged.hpp"
#include "supervisor/supervisord/process_events.hpp"

namespace foster::supervisor::supervisord {

/// One process of a pool.
struct ListenerMemory {
  compat::Listener::Memory conversation = {};
  std::optional<compat::PooledEvent> event = {};  ///< What it is busy with.
  bool is_sending = false;                        ///< That may have reached it, or not.
  std::string heard = {};                         ///< What it said last, unless it was sent something since.
  friend bool operator==(const ListenerMemory&, const ListenerMemory&) = default;
};

struct PoolMemory {
  std::uint64_t next_serial = 0;
  std::deque<compat::PooledEvent> buffer = {};
  std::map<std::string, ListenerMemory> listeners = {};  ///< By the names of their services.
  friend bool operator==(const PoolMemory&, const PoolMemory&) = default;
};

/// How far the output of a process was told, of each channel.
struct ToldMarks {
  logs::OutputMark out = {};
  logs::OutputMark err = {};
  friend bool operator==(const ToldMarks&, const ToldMarks&) = default;
};

struct EventMemory {
  std::uint64_t next_serial = 0;
  std::uint64_t last_row = 0;                            ///< The last transition that was told.
  std::map<compat::EventType, std::int64_t> ticks = {};  ///< When each was told last, or would have been.
  std::map<std::string, ToldProcess> processes = {};     ///< By the names of their services.
  std::map<std::string, ToldMarks> outputs = {};         ///< By the same.
  std::map<std::string, PoolMemory> pools = {};
  friend bool operator==(const EventMemory&, const EventMemory&) = default;
};

[[nodiscard]] std::string to_json(const EventMemory& memory);
/// @errors `EBADMSG` it is none, or of another build that means something else.
[[nodiscard]] Result<EventMemory> event_memory_from(std::string_view json);

}  // namespace foster::supervisor::supervisord
