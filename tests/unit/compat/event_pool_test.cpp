#include "compat/event_pool.hpp"

#include <gtest/gtest.h>

namespace foster::compat {
namespace {

EventPool pool_of(std::size_t size, std::vector<EventType> events = {EventType::event}) {
  return EventPool({.name = "pool", .events = std::move(events), .buffer_size = size});
}

Event event(std::string payload) {
  return {EventType::remote_communication, std::move(payload)};
}

TEST(EventPool, WantsWhatItAskedFor) {
  const EventPool pool = pool_of(1, {EventType::tick_5, EventType::process_state});
  EXPECT_TRUE(pool.wants(EventType::tick_5));
  EXPECT_TRUE(pool.wants(EventType::process_state_fatal));
  EXPECT_FALSE(pool.wants(EventType::tick_60));
}

TEST(EventPool, TheOldestMakesRoom) {
  EventPool pool = pool_of(2);
  EXPECT_EQ(pool.take(event("a"), 10), std::nullopt);
  EXPECT_EQ(pool.take(event("b"), 12), std::nullopt);
  EXPECT_EQ(pool.take(event("c"), 15), 10);
  EXPECT_EQ(pool.take_next(), (PooledEvent{event("b"), 12, 1}));
  EXPECT_EQ(pool.take_next(), (PooledEvent{event("c"), 15, 2}));
  EXPECT_EQ(pool.next(), nullptr);
}

TEST(EventPool, WhatComesBackIsNextAndKeepsItsNumbers) {
  EventPool pool = pool_of(2);
  (void)pool.take(event("a"), 1);
  const PooledEvent first = pool.take_next();
  (void)pool.take(event("b"), 2);
  (void)pool.take(event("c"), 3);
  EXPECT_EQ(pool.take_back(first), 2);
  EXPECT_EQ(*pool.next(), first);
  EXPECT_EQ(pool.take_next().serial, 1);
  EXPECT_EQ(pool.take_next().serial, 3);
}

TEST(EventPool, GoesOnWithWhatItRemembers) {
  EventPool pool = pool_of(5);
  (void)pool.take(event("a"), 1);
  (void)pool.take(event("b"), 2);
  EventPool again(pool.settings(), pool.memory());
  EXPECT_EQ(again.take_next(), (PooledEvent{event("a"), 1, 0}));
  (void)again.take(event("c"), 3);
  EXPECT_EQ(again.memory().buffer.back().pool_serial, 2);
}

TEST(EventPool, AnEnvelopeCountsCharacters) {
  EXPECT_EQ(envelope("supervisor", "mail", {event("gr\xc3\xbc\xc3\x9f"), 21, 3}),
            "ver:3.0 server:supervisor serial:21 pool:mail poolserial:3 eventname:REMOTE_COMMUNICATION len:4\n"
            "gr\xc3\xbc\xc3\x9f");
}

}  // namespace
}  // namespace foster::compat
