#include "supervisor/outputs.hpp"

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "logs/log_place.hpp"

namespace foster::supervisor {
namespace {

// A service of another user may open /dev/stdout again, as programs do.
sys::FifoAccess access_of(const core::Service& service) {
  return service.user.empty() ? sys::FifoAccess::owner : sys::FifoAccess::writers;
}

bool is_same_file(BorrowedFd a, BorrowedFd b) {
  struct stat first{};
  struct stat second{};
  return ::fstat(a.get(), &first) == 0 && ::fstat(b.get(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

// Of a process of Supervisor's without its group, as there.
std::string name_for_people(const core::Service& service, unsigned index) {
  const auto colon = service.name.find(':');
  return colon == std::string::npos ? core::instance_name(service, index) : service.name.substr(colon + 1);
}

reaper::MessageKind release_of(core::Stream stream) {
  return stream == core::Stream::out ? reaper::MessageKind::release : reaper::MessageKind::release_stderr;
}

}  // namespace

Result<> Outputs::prepare(const core::Service& service, unsigned index, std::optional<Pid> writer, const Held& held) {
  Result<> result;
  for (const core::Stream stream : kStreams) {
    const auto& kept = stream == core::Stream::out ? held.out : held.err;
    if (result) result = open(service, index, stream, writer, kept);
  }
  hold();
  return result;
}

Result<> Outputs::open(const core::Service& service, unsigned index, core::Stream stream, std::optional<Pid> writer,
                       std::optional<BorrowedFd> held) {
  const core::LogPolicy* policy = core::own_log(service, stream);
  std::string path = logs::log_path(service, index, stream, tools_.place.logs.path);
  auto& output = slot(stream).output;
  const bool is_wanted = policy != nullptr && core::is_taken(*policy);
  if (!is_wanted) close(stream);
  if (!is_wanted || (output && output->is_as(path, *policy))) return {};
  if (output) output->drain();  // its log moves; what cannot be stored goes to the next one
  auto opened = Output::open(tools_.loop, tools_.place,
                             {.name = name_for_people(service, index),
                              .path = std::move(path),
                              .fifo_name = fifo_name(id_, stream),
                              .access = access_of(service),
                              .policy = *policy,
                              .writer = writer,
                              .tap = [this, stream](const ToldOutput& told) {
                                if (tools_.tap) tools_.tap(id_, stream, told);
                              }});
  if (!opened) return Failure(opened.error());
  output = std::move(*opened);
  slot(stream).is_new = true;
  slot(stream).is_held = held && is_same_file(*held, output->fd());
  return {};
}

void Outputs::close(core::Stream stream) {
  One& one = slot(stream);
  if (one.output) one.output->drain();
  one.output.reset();
  one.is_new = false;
  if (std::exchange(one.is_held, false)) send(release_of(stream));
}

void Outputs::begin_start() {
  for (One& one : streams_) one.is_new = false;
}

void Outputs::give_up_start() {
  for (const core::Stream stream : kStreams) {
    if (slot(stream).is_new) close(stream);
  }
}

void Outputs::hold() {
  std::vector<BorrowedFd> fds;
  std::optional<reaper::MessageKind> kind;
  for (const core::Stream stream : kStreams) {
    One& one = slot(stream);
    if (!one.output || std::exchange(one.is_held, true)) continue;
    const bool is_second = kind.has_value();
    kind = is_second                     ? reaper::MessageKind::hold_both
           : stream == core::Stream::out ? reaper::MessageKind::hold
                                         : reaper::MessageKind::hold_stderr;
    fds.push_back(one.output->fd());
  }
  if (kind) send(*kind, fds);
}

void Outputs::send(reaper::MessageKind kind, std::span<const BorrowedFd> fds) {
  const reaper::Slot message{.header = {reaper::kWireVersion, kind}, .slot = id_, .reserved = 0};
  // A full channel costs the guard of this one, nothing more.
  (void)tools_.channel.send(bytes_of(message), fds);
}

void Outputs::begin_run() {
  for (One& one : streams_) {
    if (one.output) one.output->begin_run();
  }
}

Result<> Outputs::lend(const core::Service& service, RunResources& resources) {
  for (const core::Stream stream : kStreams) {
    Output* const output = find(stream);
    if (output == nullptr) continue;
    auto end = output->open_for_service();
    if (!end) {
      if (auto renewed = output->renew(access_of(service)); !renewed) return renewed;
      slot(stream).is_held = false;
      hold();
      end = output->open_for_service();
    }
    if (!end) return Failure(end.error());
    resources.output_of(stream) = std::move(*end);
  }
  resources.is_stderr_apart = service.stderr_log.has_value();
  return {};
}

void Outputs::drain() {
  for (One& one : streams_) {
    if (one.output) one.output->drain();
  }
}

void Outputs::end_run() {
  for (One& one : streams_) {
    if (one.output) one.output->end_run();
  }
}

Result<> Outputs::clear() {
  Result<> result;
  for (One& one : streams_) {
    if (!one.output) continue;
    if (auto cleared = one.output->clear(); !cleared && result) result = std::move(cleared);
  }
  return result;
}

void Outputs::reopen() {
  for (One& one : streams_) {
    if (one.output) one.output->reopen();
  }
}

std::string Outputs::last_words() const {
  for (const core::Stream stream : {core::Stream::err, core::Stream::out}) {
    const Output* const output = find(stream);
    if (output == nullptr) continue;
    if (std::string words = output->last_words(); !words.empty()) return words;
  }
  return {};
}

void Outputs::update(const core::Service& service) {
  for (const core::Stream stream : kStreams) {
    const core::LogPolicy* log = core::own_log(service, stream);
    if (Output* const output = find(stream); output != nullptr && log != nullptr) output->set_policy(*log);
  }
}

void Outputs::release() {
  for (const core::Stream stream : kStreams) close(stream);
}

}  // namespace foster::supervisor
