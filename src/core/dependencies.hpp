// Who waits for whom: the order of starting, its reverse for stopping, and what is wrong with a model's
// `needs` and `after`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model.hpp"

namespace foster::core {

/// One thing wrong with `needs` or `after` of a model.
struct DependencyProblem {
  enum class Kind : std::uint8_t {
    unknown_name,  ///< `name` is no service of the model.
    cycle,         ///< Nobody of it could ever be first.
  };
  Kind kind;
  std::string service;  ///< Whose key it is; of a cycle, its first service in the order of the file.
  std::string key;      ///< "needs" or "after".
  std::string name;     ///< The entry of the key.
  std::string text;     ///< For people: "needs redsi, which is no service", "a -> b -> a".
};

/// Everything wrong, in the order of the file. A cycle is reported once, whole.
[[nodiscard]] std::vector<DependencyProblem> check_dependencies(const Model& model);

/// The services of the model (as positions), each after all it needs or comes after; otherwise in the order of
/// the file. Edges that would close a cycle do not count.
[[nodiscard]] std::vector<std::uint32_t> start_order(const Model& model);

/// Positions of services and the edges between them. Free of cycles by construction: an edge that would
/// close one is left out, and so is one to a name that does not exist, so whatever is built on the graph ends.
class DependencyGraph {
 public:
  DependencyGraph() = default;
  explicit DependencyGraph(std::span<const Service* const> services);

  [[nodiscard]] std::span<const std::uint32_t> needs(std::uint32_t at) const { return nodes_[at].needs; }
  [[nodiscard]] std::span<const std::uint32_t> after(std::uint32_t at) const { return nodes_[at].after; }
  /// Who needs it.
  [[nodiscard]] std::span<const std::uint32_t> needed_by(std::uint32_t at) const { return nodes_[at].needed_by; }
  /// Who comes after it.
  [[nodiscard]] std::span<const std::uint32_t> followed_by(std::uint32_t at) const { return nodes_[at].followed_by; }
  /// Smaller ranks start earlier.
  [[nodiscard]] std::uint32_t rank(std::uint32_t at) const { return nodes_[at].rank; }

 private:
  struct Node {
    std::vector<std::uint32_t> needs;
    std::vector<std::uint32_t> after;
    std::vector<std::uint32_t> needed_by;
    std::vector<std::uint32_t> followed_by;
    std::uint32_t rank = 0;
  };
  std::vector<Node> nodes_;
};

}  // namespace foster::core
