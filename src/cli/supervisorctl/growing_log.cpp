#include "cli/supervisorctl/growing_log.hpp"

namespace foster::cli::supervisorctl {
namespace {

constexpr unsigned kOk = 200;

}  // namespace

GrowingLog::GrowingLog(Session& session, std::string path) : session_(session), path_(std::move(path)) {
  auto exchange = session.remote.follow(path_);
  if (exchange) {
    exchange_.emplace(std::move(*exchange));
  } else {
    complain("Cannot connect, error: " + description_of(exchange.error()));
  }
}

void GrowingLog::complain(const std::string& what) {
  session_.out.flush();
  session_.err.print("{}{} {}\n", session_.remote.url, path_, what);
  session_.err.flush();
}

void GrowingLog::pump() {
  Output& out = session_.out;
  const auto state = exchange_->pump([&](const Piece& piece) {
    if (exchange_->status() == kOk) out.write(piece.bytes);
  });
  const unsigned status = exchange_->status();
  if (status != 0 && status != kOk) {
    complain(fmt::format("Cannot read, status code {}", status));
    exchange_.reset();
    return;
  }
  if (state != Exchange::State::going) {
    if (status == kOk) out.write(exchange_->body());
    exchange_.reset();
  }
  out.flush();
  if (out.is_broken()) exchange_.reset();
}

}  // namespace foster::cli::supervisorctl
