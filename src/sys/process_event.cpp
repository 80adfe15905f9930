#include "sys/process_event.hpp"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace foster::sys {
namespace {

/// Within the bytes nothing is aligned. False when there are too few.
template <class Plain>
bool take_plain(std::span<const std::byte> bytes, Plain& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

/// Any number may come; only some are a status of wait(2).
ExitStatus status_of(std::uint32_t code) {
  const auto status = static_cast<int>(code & 0xffffU);
  if (WIFEXITED(status)) return Exited{WEXITSTATUS(status)};
  const auto signal = WIFSIGNALED(status) ? Signal::from_number(WTERMSIG(status)) : std::nullopt;
  if (!signal) return ExitUnknown{};
  return Killed{*signal, WCOREDUMP(status) != 0};
}

IdsChanged ids_of(const proc_event& event, IdsChanged::Which which) {
  return {.which = which, .real = event.event_data.id.r.ruid, .effective = event.event_data.id.e.euid};
}

std::string name_in(const proc_event& event) {
  const char* name = event.event_data.comm.comm;
  return {name, std::find(name, name + sizeof event.event_data.comm.comm, '\0')};
}

/// Thread and process stand first in all but a fork.
std::optional<ProcessEvent> event_of(const proc_event& event) {
  const auto& data = event.event_data;
  ProcessEvent found{.process = data.exec.process_tgid,
                     .thread = data.exec.process_pid,
                     .time = std::chrono::nanoseconds(event.timestamp_ns),
                     .what = Executed{}};
  switch (event.what) {
    case proc_event::PROC_EVENT_FORK:
      found.process = data.fork.child_tgid;
      found.thread = data.fork.child_pid;
      found.what = Forked{.parent = data.fork.parent_tgid};
      if (data.fork.parent_tgid <= 0) return std::nullopt;
      break;
    case proc_event::PROC_EVENT_EXEC:
      break;
    case proc_event::PROC_EVENT_SID:
      found.what = SessionMade{};
      break;
    case proc_event::PROC_EVENT_UID:
      found.what = ids_of(event, IdsChanged::Which::user);
      break;
    case proc_event::PROC_EVENT_GID:
      found.what = ids_of(event, IdsChanged::Which::group);
      break;
    case proc_event::PROC_EVENT_COMM:
      found.what = Renamed{name_in(event)};
      break;
    case proc_event::PROC_EVENT_COREDUMP:
      found.what = CoreDumped{};
      break;
    case proc_event::PROC_EVENT_EXIT:
      found.what = Ended{status_of(data.exit.exit_code)};
      break;
    default:
      return std::nullopt;
  }
  if (found.process <= 0 || found.thread <= 0) return std::nullopt;
  return found;
}

void take_message(ProcessNews& news, std::span<const std::byte> payload) {
  cn_msg head;
  proc_event event;
  if (!take_plain(payload, head) || head.id.idx != CN_IDX_PROC || head.id.val != CN_VAL_PROC) return;
  if (!take_plain(payload.subspan(sizeof head), event) || head.len < sizeof event) return;
  if (event.what == proc_event::PROC_EVENT_NONE) {
    const auto error = static_cast<int>(event.event_data.ack.err & 0xffffU);
    news.answers.push_back({.acknowledges = head.ack, .error = error});
  } else if (auto found = event_of(event)) {
    news.events.push_back(std::move(*found));
  }
}

}  // namespace

ProcessNews parse_process_news(std::span<const std::byte> datagram) {
  ProcessNews news;
  nlmsghdr head;
  while (take_plain(datagram, head)) {
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > datagram.size()) break;
    if (head.nlmsg_type == NLMSG_DONE) {
      take_message(news, datagram.subspan(NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN));
    }
    datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), datagram.size()));
  }
  return news;
}

}  // namespace foster::sys
