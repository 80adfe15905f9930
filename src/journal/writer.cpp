#include "journal/writer.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "sys/memory.hpp"

namespace foster::journal {
namespace {

constexpr std::size_t kBatch = 500;
constexpr std::size_t kMostSpooled = 4U << 20U;

}  // namespace

void Writer::open_first() {
  if (!options_.spool.empty()) {
    auto opened = Spool::open(options_.spool);
    if (opened) spool.emplace(std::move(opened->spool));
    if (opened && opened->found) {
      Spool::Found& found = *opened->found;
      pending.assign(std::move_iterator(found.events.begin()), std::move_iterator(found.events.end()));
      next_id = found.last_id + 1;
      spooled_as_attached_ = found.are_numbered;
      return;
    }
  }
  if (auto opened = make_ready(); !opened) stuck = opened.error();
}

void Writer::run() {
  Lock lock(mutex);
  do {
    serve_until_idle(lock);
    close(lock);
    // Something may have come while the file was being closed.
  } while (has_work() && !stop);
  running = false;
  served.notify_all();
}

void Writer::serve_until_idle(Lock& lock) {
  while (work.wait_for(lock, options_.idle_after, [this] { return has_work(); })) {
    wait_for_company(lock);
    const auto stored = store_pending(lock);
    serve_flush(lock, stored);
    answer_requests(lock);
    if (stop) return;
    if (!stored) wait_for_retry(lock);
  }
}

bool Writer::has_work() const {
  return stop || has_released() || !requests.empty() || flush_wanted != flush_served;
}

/// One transition seldom comes alone, and a batch costs as much as an event.
void Writer::wait_for_company(Lock& lock) {
  work.wait_for(lock, options_.gather, [this] {
    return stop || !requests.empty() || flush_wanted != flush_served || pending.size() >= kBatch;
  });
}

void Writer::wait_for_retry(Lock& lock) {
  work.wait_for(lock, options_.retry_after,
                [this] { return stop || !requests.empty() || flush_wanted != flush_served; });
}

Result<> Writer::store_pending(Lock& lock) {
  bool began_anew = false;
  while (has_released()) {
    const auto held_back = std::ranges::find_if(pending, [this](const auto& event) { return event.id > released; });
    const auto size = std::min<std::ptrdiff_t>(kBatch, held_back - pending.begin());
    const std::vector<EventRecord> batch(pending.begin(), pending.begin() + size);
    in_flight_ = batch.back().id;
    lock.unlock();
    auto stored = make_ready();
    const bool outdated = stored && is_renumbered(batch);
    if (stored && !outdated) stored = store(batch);
    lock.lock();
    in_flight_ = 0;
    if (!stored) {
      stuck = stored.error();
      // A damaged file is out of the way now; an empty one that is damaged, too, is a broken disk.
      if (stored.error().code == EBADMSG && !std::exchange(began_anew, true)) continue;
      return stored;
    }
    stuck.reset();
    while (!outdated && !pending.empty() && pending.front().id <= batch.back().id) pending.pop_front();
    tidy_spool();
  }
  return {};
}

/// Opening late gives pending events the ids that follow those in the file.
bool Writer::is_renumbered(const std::vector<EventRecord>& batch) {
  const Lock lock(mutex);
  return !pending.empty() && pending.front().id != batch.front().id;
}

void Writer::serve_flush(Lock& lock, const Result<>& stored) {
  if (flush_wanted == flush_served) return;
  const auto ticket = flush_wanted;
  Result<> result = stored;
  if (result) {
    lock.unlock();
    result = make_ready();
    if (result) result = database_->checkpoint();
    if (!result) database_.reset();
    lock.lock();
  }
  flush_result = std::move(result);
  flush_served = ticket;
  served.notify_all();
}

void Writer::answer_requests(Lock& lock) {
  while (!requests.empty()) {
    const auto request = requests.front();
    requests.pop_front();
    lock.unlock();
    Result<std::vector<EventRecord>> found;
    if (auto ready = make_ready(); ready) {
      found = database_->find(request->query);
      if (!found) give_up_file(found.error());
    } else {
      found = std::unexpected(ready.error());
    }
    lock.lock();
    if (!found) stuck = found.error();
    request->answer = std::move(found);
    served.notify_all();
  }
}

void Writer::close(Lock& lock) {
  lock.unlock();
  database_.reset();
  // SQLite is most of what was touched, and by far; its code goes with its heap.
  sys::release_unused_memory();
  lock.lock();
}

void Writer::tidy_spool() {
  if (!spool) return;
  if (pending.empty()) {
    spool->clear(next_id - 1, attached_ || spooled_as_attached_);
  } else if (spool->size() > kMostSpooled) {
    keep_spool();
  }
}

void Writer::keep_spool() {
  const bool are_numbered = attached_ || spooled_as_attached_;
  const std::vector<EventRecord> events(pending.begin(), pending.end());
  if (spool) (void)spool->keep(events, next_id - 1, are_numbered);  // a full file system: it stays as it was
}

void Writer::drop_surplus() {
  if (pending.size() <= options_.pending_most) return;
  const auto oldest = std::ranges::find_if(pending, [this](const auto& event) { return event.id > in_flight_; });
  if (oldest == pending.end()) return;
  pending.erase(oldest);
  ++dropped;
}

Result<> Writer::make_ready() {
  if (database_) return {};
  if (auto opened = open_or_set_aside(); !opened) return opened;
  if (attached_) return {};
  const auto last = database_->last_id();
  if (!last) return std::unexpected(last.error());
  attach(*last);
  return {};
}

void Writer::attach(std::uint64_t last_stored) {
  const Lock lock(mutex);
  if (!spooled_as_attached_) {
    renumber_pending(last_stored);
  } else if (last_stored < next_id) {
    // What was stored, and not taken off the spool in time.
    while (!pending.empty() && pending.front().id <= last_stored) pending.pop_front();
  } else {
    // Another database has taken the place of the one that was numbered after.
    renumber_pending(last_stored + 1 - (pending.empty() ? next_id : pending.front().id));
  }
  attached_ = true;
  keep_spool();
}

Result<> Writer::open_or_set_aside() {
  auto opened = Database::open(path_);
  if (!opened && opened.error().code == EBADMSG) {
    give_up_file(opened.error());
    opened = Database::open(path_);
  }
  if (!opened) return std::unexpected(opened.error());
  database_.emplace(std::move(*opened));
  return {};
}

/// Events that came before the file could be opened were numbered from 1; behind those in the file they go on.
void Writer::renumber_pending(std::uint64_t by) {
  for (auto& event : pending) event.id += by;
  next_id += by;
  released += by;
}

Result<> Writer::store(const std::vector<EventRecord>& batch) {
  auto stored = database_->append(batch);
  if (!stored) {
    give_up_file(stored.error());
    return stored;
  }
  since_prune_ += batch.size();
  if (since_prune_ < std::max<std::uint64_t>(100, options_.keep / 100)) return {};
  since_prune_ = 0;
  // What is stored is stored; too many events are no reason to store them again.
  if (auto pruned = database_->prune(options_.keep); !pruned) give_up_file(pruned.error());
  return {};
}

/// Closes the file, so that the next attempt opens whatever bears the name then. A damaged one is moved out of the way.
void Writer::give_up_file(const Error& error) {
  database_.reset();
  if (error.code != EBADMSG) return;
  const auto aside = set_aside(path_);
  const Lock lock(mutex);
  if (aside) moved_aside = *aside;
}

}  // namespace foster::journal
