#include "core/dependencies.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace foster::core {
namespace {

struct Edge {
  std::uint32_t to;
  bool is_need;
};

using Names = std::unordered_map<std::string_view, std::uint32_t>;

Names names_of(std::span<const Service* const> services) {
  Names names;
  names.reserve(services.size());
  for (std::uint32_t at = 0; at < services.size(); ++at) names.emplace(services[at]->name, at);
  return names;
}

std::vector<std::vector<Edge>> edges_of(std::span<const Service* const> services, const Names& names) {
  std::vector<std::vector<Edge>> edges(services.size());
  for (std::uint32_t at = 0; at < services.size(); ++at) {
    const auto add = [&](const std::vector<std::string>& list, bool is_need) {
      for (const std::string& name : list) {
        if (const auto found = names.find(name); found != names.end()) edges[at].push_back({found->second, is_need});
      }
    };
    add(services[at]->needs, true);
    add(services[at]->after, false);
  }
  return edges;
}

// Depth first, without recursion: a chain of a thousand services is no reason to run out of stack.
class Walk {
 public:
  explicit Walk(const std::vector<std::vector<Edge>>& edges) : edges_(edges), marks_(edges.size(), Mark::unseen) {}

  /// Calls `on_cycle(path, edge)` for an edge that leads back into `path`, and `on_done(node)` for each node after
  /// all it leads to.
  template <class OnCycle, class OnDone>
  void run(OnCycle on_cycle, OnDone on_done) {
    for (std::uint32_t root = 0; root < edges_.size(); ++root) {
      if (marks_[root] != Mark::unseen) continue;
      enter(root);
      while (!path_.empty()) {
        const std::uint32_t node = path_.back();
        if (next_.back() == edges_[node].size()) {
          marks_[node] = Mark::done;
          on_done(node);
          path_.pop_back();
          next_.pop_back();
          continue;
        }
        const Edge edge = edges_[node][next_.back()++];
        if (marks_[edge.to] == Mark::unseen)
          enter(edge.to);
        else if (marks_[edge.to] == Mark::on_path)
          on_cycle(path_, edge);
      }
    }
  }

 private:
  enum class Mark : std::uint8_t { unseen, on_path, done };

  void enter(std::uint32_t node) {
    marks_[node] = Mark::on_path;
    path_.push_back(node);
    next_.push_back(0);
  }

  const std::vector<std::vector<Edge>>& edges_;
  std::vector<Mark> marks_;
  std::vector<std::uint32_t> path_;
  std::vector<std::size_t> next_;
};

std::vector<const Service*> pointers_to(const Model& model) {
  std::vector<const Service*> services;
  services.reserve(model.services.size());
  for (const Service& service : model.services) services.push_back(&service);
  return services;
}

// From its first service in the order of the file, round to that service again.
DependencyProblem describe_cycle(std::span<const Service* const> services, std::span<const std::uint32_t> cycle,
                                 bool last_is_need) {
  const auto first = std::min_element(cycle.begin(), cycle.end());
  DependencyProblem problem{DependencyProblem::Kind::cycle, services[*first]->name, {}, {}, {}};
  std::string& text = problem.text;
  const auto offset = static_cast<std::size_t>(first - cycle.begin());
  for (std::size_t n = 0; n <= cycle.size(); ++n) {
    text.append(n == 0 ? "" : " -> ").append(services[cycle[(offset + n) % cycle.size()]]->name);
  }
  problem.name = services[cycle[(offset + 1) % cycle.size()]]->name;
  const auto& needs = services[*first]->needs;
  problem.key = std::find(needs.begin(), needs.end(), problem.name) != needs.end() ? "needs" : "after";
  if (cycle.size() == 1) problem.key = last_is_need ? "needs" : "after";
  return problem;
}

}  // namespace

std::vector<DependencyProblem> check_dependencies(const Model& model) {
  const auto services = pointers_to(model);
  const Names names = names_of(services);
  std::vector<DependencyProblem> problems;
  for (const Service* service : services) {
    const auto check = [&](const std::vector<std::string>& list, const std::string& key) {
      for (const std::string& name : list) {
        if (names.contains(name)) continue;
        const std::string text = (key == "needs" ? "needs " : "comes after ") + name + ", which is no service";
        problems.push_back({DependencyProblem::Kind::unknown_name, service->name, key, name, text});
      }
    };
    check(service->needs, "needs");
    check(service->after, "after");
  }
  const auto edges = edges_of(services, names);
  Walk(edges).run(
      [&](const std::vector<std::uint32_t>& path, Edge edge) {
        const auto begin = std::find(path.begin(), path.end(), edge.to);
        auto problem = describe_cycle(services, {begin, path.end()}, edge.is_need);
        const bool known = std::any_of(problems.begin(), problems.end(), [&](const DependencyProblem& other) {
          return other.kind == problem.kind && other.text == problem.text;
        });
        if (!known) problems.push_back(std::move(problem));
      },
      [](std::uint32_t) {});
  return problems;
}

DependencyGraph::DependencyGraph(std::span<const Service* const> services) : nodes_(services.size()) {
  auto edges = edges_of(services, names_of(services));
  std::vector<std::pair<std::uint32_t, std::uint32_t>> closing;
  std::uint32_t rank = 0;
  Walk(edges).run(
      [&](const std::vector<std::uint32_t>& path, Edge edge) { closing.emplace_back(path.back(), edge.to); },
      [&](std::uint32_t node) { nodes_[node].rank = rank++; });
  for (std::uint32_t from = 0; from < edges.size(); ++from) {
    for (const Edge edge : edges[from]) {
      if (std::find(closing.begin(), closing.end(), std::pair{from, edge.to}) != closing.end()) continue;
      auto& list = edge.is_need ? nodes_[from].needs : nodes_[from].after;
      if (std::find(list.begin(), list.end(), edge.to) != list.end()) continue;
      list.push_back(edge.to);
      (edge.is_need ? nodes_[edge.to].needed_by : nodes_[edge.to].followed_by).push_back(from);
    }
  }
}

std::vector<std::uint32_t> start_order(const Model& model) {
  const auto services = pointers_to(model);
  const DependencyGraph graph(services);
  std::vector<std::uint32_t> order(services.size());
  for (std::uint32_t at = 0; at < order.size(); ++at) order[graph.rank(at)] = at;
  return order;
}

}  // namespace foster::core
