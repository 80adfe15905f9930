// The journal's thread: what it is told under a lock, and what it does with the database without one. For journal.cpp.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <foster/result.hpp>
#include "journal/database.hpp"
#include "journal/event_record.hpp"
#include "journal/journal.hpp"
#include "journal/spool.hpp"

namespace foster::journal {

/// A question to the writer. Shared, because whoever asked may give up waiting.
struct Request {
  Query query;
  std::optional<Result<std::vector<EventRecord>>> answer;
};

/// Everything both threads know. Shared, because a writer that hangs on a dead disk is left behind.
class Writer {
 public:
  Writer(std::string path, Journal::Options options) : path_(std::move(path)), options_(std::move(options)) {}

  /// In the calling thread, before there is another: takes up what an earlier journal had not stored, or opens the
  /// database. One that cannot be opened is no error, and said in `stuck`.
  void open_first();

  /// The thread's program: returns when nothing was asked for a while, or at `stop`.
  void run();

  // Under `mutex`, by the owner's thread.
  std::mutex mutex;
  std::condition_variable work;     ///< For the writer.
  std::condition_variable served;   ///< For the owner.
  std::deque<EventRecord> pending;  ///< Not stored yet, oldest first; the batch in flight included.
  std::optional<Spool> spool;       ///< What is pending, out of reach of a SIGKILL.
  std::uint64_t released = 0;       ///< Events up to this one may be stored.
  std::deque<std::shared_ptr<Request>> requests;
  std::uint64_t next_id = 1;
  std::uint64_t dropped = 0;
  std::uint64_t flush_wanted = 0;  ///< Numbers the flushes.
  std::uint64_t flush_served = 0;
  Result<> flush_result;
  std::optional<Error> stuck;
  std::optional<std::string> moved_aside;
  bool stop = false;
  bool running = false;  ///< A thread is in `run`, and will look again before it leaves.

  /// Keeps memory bounded: the oldest event that is not being stored goes.
  void drop_surplus();
  [[nodiscard]] bool has_released() const { return !pending.empty() && pending.front().id <= released; }
  /// The spool holds what is pending, and little more.
  void tidy_spool();
  /// The spool holds what is pending, and nothing more.
  void keep_spool();
  /// Before there is a thread.
  [[nodiscard]] bool is_open() const { return database_.has_value(); }

 private:
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] bool has_work() const;
  void serve_until_idle(Lock& lock);
  void wait_for_company(Lock& lock);
  void wait_for_retry(Lock& lock);
  [[nodiscard]] Result<> store_pending(Lock& lock);
  void serve_flush(Lock& lock, const Result<>& stored);
  void answer_requests(Lock& lock);
  void close(Lock& lock);

  // Without the lock, by whoever has the database: the writer, or the owner before there is one.
  [[nodiscard]] Result<> make_ready();
  [[nodiscard]] Result<> open_or_set_aside();
  [[nodiscard]] Result<> store(const std::vector<EventRecord>& batch);
  void attach(std::uint64_t last_stored);
  void renumber_pending(std::uint64_t by);
  [[nodiscard]] bool is_renumbered(const std::vector<EventRecord>& batch);
  void give_up_file(const Error& error);

  const std::string path_;
  const Journal::Options options_;
  std::optional<Database> database_;
  bool attached_ = false;                       ///< The ids continue those in the file.
  bool spooled_as_attached_ = false;            ///< They did so in the journal before; the file may be another one.
  std::uint64_t in_flight_ = 0;                 ///< Under `mutex`: last id of the batch that is being stored.
  std::uint64_t since_prune_ = UINT64_MAX / 2;  ///< Events stored since; the first batch prunes.
};

}  // namespace foster::journal
