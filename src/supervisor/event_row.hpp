// A transition as the API tells it and as the journal keeps it.
#pragma once

#include "api/service.hpp"
#include "journal/event_record.hpp"

namespace foster::supervisor {

[[nodiscard]] inline journal::EventRecord to_record(const api::EventRow& row, core::Instant now) {
  return {.id = row.id,
          .wall = row.time,
          .monotonic = now,
          .instance = row.name,
          .run = row.run,
          .from = row.from,
          .to = row.to,
          .cause = row.cause,
          .end = row.end};
}

[[nodiscard]] inline api::EventRow to_row(const journal::EventRecord& record) {
  return {.id = record.id,
          .time = record.wall,
          .name = record.instance,
          .from = record.from,
          .to = record.to,
          .run = record.run,
          .cause = record.cause,
          .end = record.end};
}

}  // namespace foster::supervisor
