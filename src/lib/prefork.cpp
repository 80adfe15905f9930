#include <foster/prefork.hpp>

#include <poll.h>

#include <cerrno>
#include <utility>

#include "lib/prefork_options.hpp"
#include "lib/prefork_pool.hpp"
#include "sys/check.hpp"

namespace foster {

Prefork::Prefork(std::unique_ptr<PreforkPool> pool) noexcept : pool_(std::move(pool)) {}
Prefork::Prefork(Prefork&&) noexcept = default;
Prefork& Prefork::operator=(Prefork&&) noexcept = default;
Prefork::~Prefork() = default;

Result<Prefork> Prefork::start(PreforkOptions options, WorkerFunction work) {
  auto pool = PreforkPool::start(std::move(options), std::move(work));
  if (!pool) return Failure(pool.error());
  return Prefork(std::move(*pool));
}

BorrowedFd Prefork::fd() const noexcept {
  return pool_->fd();
}

void Prefork::handle() {
  pool_->handle();
}

bool Prefork::is_done() const noexcept {
  return pool_->plan().is_done();
}

Result<PreforkReport> Prefork::result() const {
  return pool_->plan().result();
}

void Prefork::stop() {
  pool_->wish([](PreforkPlan& plan) { plan.stop(); });
}

void Prefork::kill() {
  pool_->wish([](PreforkPlan& plan) { plan.kill(); });
}

void Prefork::restart() {
  pool_->wish([](PreforkPlan& plan) { plan.restart(); });
}

Result<> Prefork::scale(unsigned workers) {
  if (workers == 0 || workers > kMostWorkers) return failure("scale", EINVAL, std::to_string(workers) + " workers");
  pool_->wish([&](PreforkPlan& plan) { plan.scale(workers); });
  return {};
}

unsigned Prefork::size() const noexcept {
  return pool_->plan().size();
}

std::vector<WorkerInfo> Prefork::workers() const {
  return pool_->plan().workers();
}

std::vector<std::string> Prefork::addresses() const {
  return pool_->addresses();
}

Result<PreforkReport> Prefork::wait() {
  while (!is_done()) {
    pollfd watched{fd().get(), POLLIN, 0};
    (void)::poll(&watched, 1, -1);  // EINTR: look, and wait on
    handle();
  }
  return result();
}

Result<PreforkReport> prefork(PreforkOptions options, WorkerFunction work) {
  auto pool = Prefork::start(std::move(options), std::move(work));
  if (!pool) return Failure(pool.error());
  return pool->wait();
}

}  // namespace foster
