#include "journal/journal.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "journal/writer.hpp"
#include "sys/signals.hpp"

namespace foster::journal {
namespace {

using std::chrono::milliseconds;

/// SQLite needs some 50 KiB; only what is touched costs memory.
constexpr std::size_t kStackSize = 256 * 1024;

/// How long a question waits for a disk that does not answer.
constexpr milliseconds kAnswerPatience{5'000};
constexpr milliseconds kClosePatience{1'000};

void* run_writer(void* argument) {
  const std::unique_ptr<std::shared_ptr<Writer>> writer(static_cast<std::shared_ptr<Writer>*>(argument));
  (void)::pthread_setname_np(::pthread_self(), "journal");  // for people who look at threads
  (*writer)->run();
  return nullptr;
}

/// The stored and the pending events of an answer, each once, as many as were asked for.
void add_pending(std::vector<EventRecord>& events, const std::vector<EventRecord>& pending, const Query& query) {
  const std::uint64_t last = std::max(events.empty() ? 0 : events.back().id, query.after.value_or(0));
  for (const auto& event : pending) {
    const bool wanted = event.id > last && (query.instance.empty() || event.instance == query.instance);
    if (wanted) events.push_back(event);
  }
  if (events.size() <= query.most) return;
  if (query.after) {
    events.resize(query.most);
  } else {
    events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(query.most));
  }
}

timespec deadline_after(milliseconds patience) {
  timespec at{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &at);  // somebody may set the other one meanwhile
  const auto nanoseconds = at.tv_nsec + (patience % std::chrono::seconds(1)).count() * 1'000'000;
  at.tv_sec += patience / std::chrono::seconds(1) + nanoseconds / 1'000'000'000;
  at.tv_nsec = nanoseconds % 1'000'000'000;
  return at;
}

}  // namespace

/// The owner's side: starts and ends the thread.
class Journal::Impl {
 public:
  explicit Impl(std::shared_ptr<Writer> writer) : writer_(std::move(writer)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const std::lock_guard lock(writer_->mutex);
      writer_->stop = true;
      if (!writer_->pending.empty()) start_if_needed();
    }
    writer_->work.notify_one();
    if (!thread_) return;
    const timespec deadline = deadline_after(kClosePatience);
    // A thread that hangs on a dead disk keeps its half alive and is left to it.
    if (::pthread_clockjoin_np(*thread_, nullptr, CLOCK_MONOTONIC, &deadline) != 0) (void)::pthread_detach(*thread_);
  }

  [[nodiscard]] Writer& writer() const noexcept { return *writer_; }

  /// With the lock held.
  void start_if_needed() {
    if (writer_->running) return;
    // It has nothing left to do but return.
    if (thread_) (void)::pthread_join(*std::exchange(thread_, std::nullopt), nullptr);
    const sys::ScopedSignalMask all_blocked;
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kStackSize);
    auto argument = std::make_unique<std::shared_ptr<Writer>>(writer_);
    pthread_t thread{};
    const int code = ::pthread_create(&thread, &attributes, run_writer, argument.get());
    ::pthread_attr_destroy(&attributes);
    if (code != 0) {
      // No free pids perhaps. The event waits, and the next one tries again.
      writer_->stuck = Error{"start a thread", code, "journal"};
      return;
    }
    (void)argument.release();  // the thread's now
    writer_->running = true;
    thread_ = thread;
  }

 private:
  std::shared_ptr<Writer> writer_;
  std::optional<pthread_t> thread_;
};

Journal::Journal(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Journal::Opened Journal::open(std::string path) {
  return open(std::move(path), Options{});
}

Journal::Opened Journal::open(std::string path, Options options) {
  auto writer = std::make_shared<Writer>(std::move(path), std::move(options));
  writer->open_first();
  Journal journal(std::make_unique<Impl>(writer));
  const std::lock_guard lock(writer->mutex);
  if (writer->is_open()) journal.impl_->start_if_needed();  // it closes the file if nothing happens
  return Opened{std::move(journal), writer->moved_aside, writer->stuck};
}

std::uint64_t Journal::append(EventRecord event) {
  const std::uint64_t id = note(std::move(event));
  release();
  return id;
}

std::uint64_t Journal::note(EventRecord event) {
  Writer& writer = impl_->writer();
  const std::lock_guard lock(writer.mutex);
  const std::uint64_t id = event.id = writer.next_id++;
  // A full file system costs this event its safety, and nothing more.
  if (writer.spool) (void)writer.spool->append(event);
  writer.pending.push_back(std::move(event));
  writer.drop_surplus();
  return id;
}

void Journal::release() {
  Writer& writer = impl_->writer();
  const std::lock_guard lock(writer.mutex);
  const bool had_work = writer.has_released();
  writer.released = writer.next_id - 1;
  if (!writer.has_released()) return;
  impl_->start_if_needed();
  if (!had_work) writer.work.notify_one();
}

std::vector<EventRecord> Journal::pending() const {
  const std::lock_guard lock(impl_->writer().mutex);
  return {impl_->writer().pending.begin(), impl_->writer().pending.end()};
}

void Journal::retract(const std::vector<std::uint64_t>& ids) {
  if (ids.empty()) return;
  Writer& writer = impl_->writer();
  const std::lock_guard lock(writer.mutex);
  std::erase_if(writer.pending, [&](const EventRecord& event) {
    return event.id > writer.released && std::ranges::find(ids, event.id) != ids.end();
  });
  writer.keep_spool();
}

Result<std::vector<EventRecord>> Journal::history(const Query& query) const {
  Writer& writer = impl_->writer();
  const auto request = std::make_shared<Request>(query);
  std::unique_lock lock(writer.mutex);
  // What is pending now is either still pending when the file is read, or in it.
  const std::vector<EventRecord> pending(writer.pending.begin(), writer.pending.end());
  writer.requests.push_back(request);
  impl_->start_if_needed();
  writer.work.notify_one();
  const bool answered =
      writer.served.wait_for(lock, kAnswerPatience, [&] { return request->answer.has_value() || !writer.running; });
  if (!answered) return failure("read the journal", ETIMEDOUT);
  lock.unlock();
  // A file that cannot be read now has nothing to add to what is in memory.
  std::vector<EventRecord> events;
  if (request->answer && *request->answer) events = std::move(**request->answer);
  add_pending(events, pending, query);
  return events;
}

Result<> Journal::flush(milliseconds patience) {
  Writer& writer = impl_->writer();
  std::unique_lock lock(writer.mutex);
  const auto ticket = ++writer.flush_wanted;
  impl_->start_if_needed();
  writer.work.notify_one();
  const auto served = [&] { return writer.flush_served >= ticket; };
  writer.served.wait_for(lock, patience, [&] { return served() || !writer.running; });
  if (served()) return writer.flush_result;
  if (!writer.running && writer.stuck) return std::unexpected(*writer.stuck);
  return failure("store the journal", ETIMEDOUT);
}

std::uint64_t Journal::last_id() const {
  const std::lock_guard lock(impl_->writer().mutex);
  return impl_->writer().next_id - 1;
}

std::uint64_t Journal::dropped() const {
  const std::lock_guard lock(impl_->writer().mutex);
  return impl_->writer().dropped;
}

std::optional<Error> Journal::stuck() const {
  const std::lock_guard lock(impl_->writer().mutex);
  return impl_->writer().stuck;
}

std::optional<std::string> Journal::moved_aside() const {
  const std::lock_guard lock(impl_->writer().mutex);
  return impl_->writer().moved_aside;
}

}  // namespace foster::journal
