#include "reaper/attention.hpp"

#include <algorithm>

namespace foster::reaper {

bool Attention::is_lost(const Sight& sight, Instant now) noexcept {
  const bool has_moved = sight.untaken < seen_.untaken || sight.applied != seen_.applied || sight.is_up != seen_.is_up;
  seen_ = sight;
  if (sight.untaken == 0) {
    owes_since_.reset();
    due_.reset();
    return false;
  }
  if (!owes_since_ || has_moved) owes_since_ = now;
  const Instant end = *owes_since_ + (sight.is_up ? kPatience : kPatienceAtStart);
  if (now >= end) return true;
  const Instant second_look = *owes_since_ + kSecondLook;
  due_ = now < second_look ? second_look : end;
  return false;
}

bool Attention::is_time_for_client(Instant now) noexcept {
  if (!client_since_ || now < *client_since_ + kSecondLook) return false;
  client_since_.reset();
  return true;
}

std::optional<Instant> Attention::next_look() const noexcept {
  if (!client_since_) return due_;
  const Instant client = *client_since_ + kSecondLook;
  return due_ ? std::min(*due_, client) : client;
}

}  // namespace foster::reaper
