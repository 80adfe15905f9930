// The keys of the policies that keep a service running: backoff, limit, stop.
#include "config/schema_policies.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/schema.hpp"
#include "core/record.hpp"

namespace foster::config {

namespace {

using namespace std::chrono_literals;
using core::Backoff;
using core::Limit;
using core::Service;
using core::StopPolicy;
using core::StopTarget;

// A shorter wait would be a busy loop.
constexpr core::Duration kShortest = 1ms;
constexpr double kMaxFactor = 1000;
constexpr std::int64_t kMaxRetries = 1'000'000'000;

constexpr std::array kNone = std::to_array<std::string_view>({"none"});
// In the order of core::StopTarget.
constexpr std::array kTargetWords = std::to_array<std::string_view>({"main", "group"});

// The usual rows: a member, how it is read and how it is written.
template <class Target, core::Duration Target::* member, core::Duration::rep least>
void read_duration(Reader& reader, const Raw& raw, const RawTable&, Target& target) {
  if (const auto value = reader.duration(raw, core::Duration(least))) target.*member = *value;
}

template <class Target, core::Duration Target::* member>
std::optional<Raw> write_duration(const Target& target) {
  if (target.*member == Target{}.*member) return std::nullopt;
  return Raw(format_duration(target.*member));
}

template <class Target, auto member>
std::optional<Raw> write_number(const Target& target) {
  if (target.*member == Target{}.*member) return std::nullopt;
  if constexpr (std::is_same_v<decltype(target.*member), const double&>) return Raw(target.*member);
  return Raw(static_cast<std::int64_t>(target.*member));
}

const Key<Backoff> kBackoffKeys[] = {
    {.info = {.name = "initial",
              .type = "duration",
              .fallback = "\"100ms\"",
              .unit = "time",
              .doc = "The wait before the second try in a row. The first restart after a healthy run is immediate.",
              .example = "\"250ms\"",
              .also = "min start delay"},
     .read = read_duration<Backoff, &Backoff::initial, 0>,
     .write = write_duration<Backoff, &Backoff::initial>},
    {.info = {.name = "max",
              .type = "duration",
              .fallback = "\"30s\"",
              .unit = "time",
              .doc = "No wait is longer. At least `initial`.",
              .example = "\"1m\"",
              .also = "maximum limit"},
     .read = read_duration<Backoff, &Backoff::max, 0>,
     .write = write_duration<Backoff, &Backoff::max>},
    {.info = {.name = "factor",
              .type = "number",
              .fallback = "2",
              .unit = "times",
              .doc = "Each further wait is this many times the one before. From 1 to 1000.",
              .example = "1.5",
              .also = "multiplier"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Backoff& backoff) {
           if (const auto value = reader.number(raw, 1, kMaxFactor)) backoff.factor = *value;
         },
     .write = write_number<Backoff, &Backoff::factor>},
    {.info = {.name = "step",
              .type = "duration",
              .fallback = "\"0s\"",
              .unit = "time",
              .doc = "And each further wait is this much longer: `initial = \"1s\", step = \"1s\", factor = 1` waits "
                     "1, 2, 3 seconds and so on.",
              .example = "\"1s\"",
              .also = "increment linear"},
     .read = read_duration<Backoff, &Backoff::step, 0>,
     .write = write_duration<Backoff, &Backoff::step>},
    {.info = {.name = "jitter",
              .type = "number",
              .fallback = "0.1",
              .unit = "share of the wait",
              .doc = "How much of each wait is added or taken at random, from 0 to 1, so that many services do not "
                     "retry at the same instant.",
              .example = "0.25",
              .also = "random"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Backoff& backoff) {
           if (const auto value = reader.number(raw, 0, 1)) backoff.jitter = *value;
         },
     .write = write_number<Backoff, &Backoff::jitter>},
    {.info = {.name = "reset-after",
              .type = "duration",
              .fallback = "\"10s\"",
              .unit = "time",
              .doc = "A run that has been ready for this long ends the row of failures.",
              .example = "\"1m\"",
              .also = "reset"},
     .read = read_duration<Backoff, &Backoff::reset_after, 0>,
     .write = write_duration<Backoff, &Backoff::reset_after>},
};

const Key<Limit> kLimitKeys[] = {
    {.info = {.name = "count",
              .type = "number",
              .fallback = "5",
              .unit = "failures",
              .doc = "The most failures within the time; one more ends in `failed`. From 1 to 16.",
              .example = "3",
              .also = "max times number"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, Limit& limit) {
           if (const auto value = reader.integer(raw, 1, core::kMaxFailures))
             limit.count = static_cast<unsigned>(*value);
         },
     .write = write_number<Limit, &Limit::count>},
    {.info = {.name = "within",
              .type = "duration",
              .fallback = "\"10s\"",
              .unit = "time",
              .doc = "The time in which the failures are counted.",
              .example = "\"1m\"",
              .also = "interval window period in"},
     .read = read_duration<Limit, &Limit::within, kShortest.count()>,
     .write = write_duration<Limit, &Limit::within>},
};

const Key<StopPolicy> kStopKeys[] = {
    {.info = {.name = "signal",
              .type = "signal",
              .fallback = "\"TERM\"",
              .unit = "",
              .doc = "Sent to the main process to ask it to end.",
              .example = "\"QUIT\"",
              .also = "sig kill-signal"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, StopPolicy& stop) {
           const auto value = reader.parsed<Signal>(raw, "a signal such as \"TERM\"", parse_signal);
           if (value) stop.signal = *value;
         },
     .write = [](const StopPolicy& stop) -> std::optional<Raw> {
       if (stop.signal == StopPolicy{}.signal) return std::nullopt;
       return Raw(format_signal(stop.signal));
     }},
    {.info = {.name = "timeout",
              .type = "duration",
              .fallback = "\"10s\"",
              .unit = "time",
              .doc = "What is still alive after this is killed with SIGKILL, whatever the service started included.",
              .example = "\"30s\"",
              .also = "wait grace stopwaitsecs"},
     .read = read_duration<StopPolicy, &StopPolicy::timeout, 0>,
     .write = write_duration<StopPolicy, &StopPolicy::timeout>},
    {.info = {.name = "target",
              .type = "\"main\" or \"group\"",
              .fallback = "\"main\"",
              .unit = "",
              .doc = "Who gets the signal. `main`: the main process, which then ends its children as it knows best. "
                     "`group`: every process of its group, for a launcher that does not pass signals on. Either way "
                     "nothing of it is alive afterwards.",
              .example = "\"group\"",
              .also = "stopasgroup kill-mode to"},
     .read =
         [](Reader& reader, const Raw& raw, const RawTable&, StopPolicy& stop) {
           if (const auto word = reader.word(raw, kTargetWords)) stop.target = static_cast<StopTarget>(*word);
         },
     .write = [](const StopPolicy& stop) -> std::optional<Raw> {
       if (stop.target == StopPolicy{}.target) return std::nullopt;
       return Raw(std::string(kTargetWords[static_cast<std::size_t>(stop.target)]));
     }},
};

// A policy: a table with keys of its own, or a word or text that stands for one.
template <class Policy, auto keys>
void read_policy_table(Reader& reader, const Raw& raw, Policy& policy) {
  read_table(reader, *raw.as<RawTable>(), keys(), policy);
}

template <class Policy, auto keys, Policy Service::* member>
std::optional<Raw> write_policy(const Service& service) {
  if (service.*member == Service{}.*member) return std::nullopt;
  return Raw(write_table(keys(), service.*member));
}

}  // namespace

std::span<const Key<Backoff>> backoff_keys() {
  return kBackoffKeys;
}
std::span<const Key<Limit>> limit_keys() {
  return kLimitKeys;
}
std::span<const Key<StopPolicy>> stop_keys() {
  return kStopKeys;
}

void read_limit(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (raw.as<RawTable>() != nullptr) {
    service.limit.emplace();
    read_policy_table<core::Limit, limit_keys>(reader, raw, *service.limit);
  } else if (raw.as<std::string>() == nullptr) {
    reader.expected("\"none\" or a table such as { count = 5, within = \"10s\" }", raw);
  } else if (reader.word(raw, kNone)) {
    service.limit.reset();
  }
}

std::optional<Raw> write_limit(const Service& service) {
  if (service.limit == Service{}.limit) return std::nullopt;
  return service.limit ? Raw(write_table(limit_keys(), *service.limit)) : Raw(std::string(kNone[0]));
}

void read_start_retries(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (raw.as<std::string>() != nullptr) {
    if (reader.word(raw, kNone)) service.start_retries.reset();
  } else if (const auto value = reader.integer(raw, 0, kMaxRetries)) {
    service.start_retries = static_cast<unsigned>(*value);
  }
}

std::optional<Raw> write_start_retries(const Service& service) {
  if (!service.start_retries) return std::nullopt;
  return Raw(static_cast<std::int64_t>(*service.start_retries));
}

void read_success_exit_codes(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  const auto* array = raw.as<RawArray>();
  if (array == nullptr) return reader.expected("a list of exit codes", raw, "write [0]");
  std::vector<std::uint8_t> codes;
  for (const Raw& element : *array) {
    const auto code = reader.integer(element, 0, 255);
    if (code && std::ranges::find(codes, *code) == codes.end()) codes.push_back(static_cast<std::uint8_t>(*code));
  }
  service.success_exit_codes = std::move(codes);
}

std::optional<Raw> write_success_exit_codes(const Service& service) {
  if (service.success_exit_codes == Service{}.success_exit_codes) return std::nullopt;
  RawArray codes;
  for (const std::uint8_t code : service.success_exit_codes) codes.emplace_back(static_cast<std::int64_t>(code));
  return Raw(std::move(codes));
}

void read_stop(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  if (raw.as<RawTable>() != nullptr) {
    read_policy_table<core::StopPolicy, stop_keys>(reader, raw, service.stop);
  } else if (raw.as<std::string>() == nullptr) {
    reader.expected("a signal such as \"TERM\" or a table such as { signal = \"TERM\", timeout = \"10s\" }", raw);
  } else if (const auto signal = reader.parsed<Signal>(raw, "a signal", parse_signal)) {
    service.stop.signal = *signal;
  }
}

void read_backoff(Reader& reader, const Raw& raw, const RawTable&, Service& service) {
  const auto* table = raw.as<RawTable>();
  if (table == nullptr) return reader.expected("a table such as { initial = \"100ms\", max = \"30s\" }", raw);
  read_policy_table<core::Backoff, backoff_keys>(reader, raw, service.backoff);
  if (service.backoff.max >= service.backoff.initial) return;
  const RawEntry* given = table->find_entry("max");
  if (given == nullptr) given = table->find_entry("initial");
  reader.error(given == nullptr ? raw.where() : given->value.where(),
               fmt::format("the longest wait, max = {}, is shorter than the first, initial = {}",
                           format_duration(service.backoff.max), format_duration(service.backoff.initial)));
}

std::optional<Raw> write_backoff(const Service& service) {
  return write_policy<Backoff, backoff_keys, &Service::backoff>(service);
}

std::optional<Raw> write_stop(const Service& service) {
  return write_policy<StopPolicy, stop_keys, &Service::stop>(service);
}

}  // namespace foster::config
