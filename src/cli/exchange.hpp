// One HTTP request and its answer, over a connection of its own and without blocking: whoever has
// several polls their descriptors.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::cli {

struct Question {
  std::string method = "GET";
  std::string target;
  std::string body = {};
  std::string headers = {};  ///< Further header lines, each ending in "\r\n".
};

/// Part of a streamed body. A chunk of a log tells which instance wrote it and, when it is whole, where the
/// log goes on after it.
struct Piece {
  std::string_view bytes;
  std::string_view name;      ///< Empty: of nobody in particular.
  std::string_view position;  ///< Of the end of this chunk; empty where it is not known.
  bool ends_chunk = false;
};

class Exchange {
 public:
  using Sink = std::function<void(const Piece&)>;
  enum class State {
    going,
    done,  ///< The answer is whole.
    lost,  ///< The connection ended before.
  };

  /// Sends the request over a connected socket.
  /// @errors `EPIPE`, `ECONNRESET`: nobody answers there any more.
  /// @blocks While the socket takes the request; foster reads at once.
  [[nodiscard]] static Result<Exchange> begin(UniqueFd socket, const Question& question);
  /// The same with a request that is written out already, whole, header and body.
  [[nodiscard]] static Result<Exchange> begin(UniqueFd socket, std::string_view request);

  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) noexcept;
  ~Exchange();

  /// Readable when there is something to `pump`.
  [[nodiscard]] BorrowedFd fd() const;
  /// Takes in what is there. Chunks of the body go to the sink.
  [[nodiscard]] State pump(const Sink& sink);
  /// `pump` until it is over.
  [[nodiscard]] State finish(const Sink& sink);

  /// 0 until the header is there.
  [[nodiscard]] unsigned status() const;
  /// What the server says the status means.
  [[nodiscard]] std::string_view reason() const;
  [[nodiscard]] bool has_begun() const { return status() != 0; }
  /// The body, as far as it did not come in chunks.
  [[nodiscard]] const std::string& body() const;
  [[nodiscard]] std::string take_body();

 private:
  struct Impl;
  explicit Exchange(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace foster::cli
