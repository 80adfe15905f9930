#include "cli/process_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <ranges>
#include <unordered_map>
#include <utility>

#include "cli/render.hpp"

namespace foster::cli {
namespace {

using insight::View;

// Fewer are shown one by one.
constexpr std::size_t kFoldFrom = 5;
// Deeper than this nobody follows the lines any more; they are not drawn further.
constexpr std::size_t kDeepest = 64;

struct Sign {
  std::string_view mark;
  Colour colour;
  std::string_view meaning;
};

Sign sign_of(std::string_view kind) {
  if (kind == "service") return {"◆", Colour::green, "service"};
  if (kind == "daemon") return {"●", Colour::bold, "daemon"};
  if (kind == "foreground") return {"+", Colour::green, "foreground"};
  if (kind == "background") return {"&", Colour::none, "background"};
  if (kind == "orphan") return {"~", Colour::yellow, "orphan"};
  if (kind == "zombie") return {"✗", Colour::red, "zombie"};
  if (kind == "kernel") return {"k", Colour::grey, "kernel thread"};
  return {"▪", Colour::bold, "init"};
}

/// Siblings that look the same, with all that is below them.
struct Fold {
  std::vector<const Process*> members;
};

/// What is still to be printed, last first.
struct Pending {
  const Process* process;
  std::vector<const Process*> folded;  ///< Of a fold, all its members.
  std::string indent;                  ///< Of its children's lines, without the branch.
  std::string branch;                  ///< "├─ ", "└─ ", or nothing for a root.
  std::size_t depth;
};

class TreePrinter {
 public:
  TreePrinter(const View& view, const TreeStyle& style) : view_(view), style_(style) {}

  std::string print(const std::vector<const Process*>& roots) {
    for (const Process* root : roots) {
      if (style_.folding == Folding::alike_siblings) note_shapes(*root);
      std::vector<Pending> pending{{.process = root, .folded = {}, .indent = "", .branch = "", .depth = 0}};
      while (!pending.empty()) {
        const Pending next = std::move(pending.back());
        pending.pop_back();
        add_line(next);
        add_children(next, pending);
      }
    }
    return std::move(text_);
  }

 private:
  std::vector<const Process*> shown_children(const Process& process) const {
    auto children = view_.table().children_of(process.pid);
    std::erase_if(children, [&](const Process* child) {
      return (style_.kernel_threads == KernelThreads::hidden && child->is_kernel_thread) ||
             child->start_ticks < process.start_ticks || child == &process;
    });
    return children;
  }

  /// What a process and everything below it look like, but for the pids. Children first, without recursion: a chain
  /// may be long.
  void note_shapes(const Process& root) {
    std::vector<const Process*> all{&root};
    for (std::size_t at = 0; at < all.size(); ++at) {
      for (const Process* child : shown_children(*all[at])) all.push_back(child);
    }
    for (const Process* process : all | std::views::reverse) {
      std::size_t shape = std::hash<std::string>()(label_of(*process) + '\0' + std::string(kind_of(*process)));
      for (const Process* child : shown_children(*process)) {
        const bool has_left = child->session != process->session;
        shape = shape * 1'000'003 + shapes_[child->pid.number()] * 2 + (has_left ? 1 : 0);
      }
      shapes_[process->pid.number()] = shape;
    }
  }

  /// All that are alike among the children of these, who are alike themselves.
  std::vector<Fold> folds_of(const std::vector<const Process*>& parents) const {
    std::vector<Fold> folds;
    std::map<std::pair<std::size_t, std::optional<Sid>>, std::size_t> alike;
    for (const Process* parent : parents) {
      for (const Process* child : shown_children(*parent)) {
        const auto shape = shapes_.find(child->pid.number());
        if (shape == shapes_.end()) {
          folds.push_back({{child}});
          continue;
        }
        // A daemon beside another is worth a line of its own; below parents that are folded it is not.
        const auto session = parents.size() == 1 ? child->session : std::nullopt;
        const auto [place, is_new] = alike.try_emplace({shape->second, session}, folds.size());
        if (is_new) folds.emplace_back();
        folds[place->second].members.push_back(child);
      }
    }
    return folds;
  }

  void add_children(const Pending& parent, std::vector<Pending>& pending) const {
    std::vector<Pending> children;
    const auto add = [&](const Process* process, std::vector<const Process*> folded) {
      children.push_back({.process = process,
                          .folded = std::move(folded),
                          .indent = parent.indent,
                          .branch = "├─ ",
                          .depth = parent.depth + 1});
    };
    const auto parents = parent.folded.empty() ? std::vector{parent.process} : parent.folded;
    for (Fold& fold : folds_of(parents)) {
      if (fold.members.size() >= kFoldFrom) {
        add(fold.members.front(), fold.members);
      } else {
        for (const Process* member : fold.members) add(member, {});
      }
    }
    if (!children.empty()) children.back().branch = "└─ ";
    for (Pending& child : children) {
      // Its own children hang below its branch.
      if (parent.depth < kDeepest) child.indent += parent.branch.empty() ? "" : parent.branch == "└─ " ? "   " : "│  ";
    }
    std::ranges::reverse(children);
    std::ranges::move(children, std::back_inserter(pending));
  }

  std::string adopter_of(const Adoption& adoption) const {
    const Process* adopter = view_.table().find(adoption.by);
    if (adoption.by == Pid(1)) return "init";
    return adopter != nullptr ? insight::called(*adopter) : std::to_string(adoption.by.number());
  }

  /// Asked several times of each, and made of sentences.
  const Classification& classified(const Process& process) const {
    const auto [place, is_new] = classified_.try_emplace(process.pid.number());
    if (is_new) place->second = view_.classify(process);
    return place->second;
  }

  std::string_view kind_of(const Process& process) const { return view_.kind_word(process, classified(process)); }

  std::string label_of(const Process& process) const {
    return printable(style_.shows_arguments ? command_line(process) : process.name);
  }

  std::string note_of(const Process& process) const {
    const Classification& found = classified(process);
    const Process* parent = view_.table().parent_of(process);
    std::vector<std::string> notes;
    const insight::Service* service = view_.service_of(process);
    if (service != nullptr && (parent == nullptr || view_.service_of(*parent) == nullptr)) {
      notes.push_back(fmt::format("service {} of {}", service->instance, service->foster));
    }
    if (found.kind == ProcessKind::zombie) {
      notes.push_back(parent != nullptr ? fmt::format("ended; {} owes the wait", insight::called(*parent)) : "ended");
    }
    if (found.adoption && found.kind != ProcessKind::zombie) {
      const bool is_sure = found.adoption->certainty == Certainty::certain;
      notes.push_back(fmt::format("{}adopted by {}", is_sure ? "" : "likely ", adopter_of(*found.adoption)));
    }
    if (process.is_session_leader()) {
      notes.push_back(process.terminal ? "session on " + process.terminal->name() : std::string("session"));
      if (process.terminal && process.foreground_group && !process.is_in_foreground()) {
        notes.push_back(fmt::format("foreground is group {}", process.foreground_group->number()));
      }
    } else if (process.terminal && process.is_group_leader()) {
      notes.push_back(process.is_in_foreground() ? "foreground job" : "background job");
    } else if (process.is_group_leader()) {
      notes.emplace_back("group");
    }
    if (process.state == ProcessState::stopped) notes.emplace_back("stopped");
    if (parent != nullptr && process.namespace_depth && parent->namespace_depth &&
        *process.namespace_depth > *parent->namespace_depth) {
      notes.emplace_back("new pid namespace");
    }
    return fmt::format("{}", fmt::join(notes, ", "));
  }

  void add_line(const Pending& line) {
    const Process& process = *line.process;
    const Sign sign = sign_of(kind_of(process));
    const std::string head = line.indent + line.branch;
    std::string label;
    if (line.folded.empty()) {
      label = fmt::format("{}({})", label_of(process), process.pid.number());
    } else {
      label = fmt::format("{} ×{}({}…{})", label_of(process), line.folded.size(), line.folded.front()->pid.number(),
                          line.folded.back()->pid.number());
    }
    std::string note = note_of(process);
    if (!note.empty()) note = "  " + note;
    fit(head + std::string(sign.mark) + " ", label, note);
    if (style_.has_colour) {
      text_ += coloured(head, Colour::grey) + coloured(sign.mark, sign.colour) + " " + coloured(label, sign.colour) +
               coloured(note, Colour::grey) + "\n";
    } else {
      text_ += head + std::string(sign.mark) + " " + label + note + "\n";
    }
  }

  // The note gives way first, then the name.
  void fit(const std::string& head, std::string& label, std::string& note) const {
    if (!style_.width) return;
    const std::size_t used = display_width(head);
    const std::size_t room = *style_.width > used ? *style_.width - used : 0;
    label = shortened(label, room);
    note = shortened(note, room - std::min(room, display_width(label)));
    if (note.size() <= 2) note.clear();
  }

  const View& view_;
  TreeStyle style_;
  std::unordered_map<pid_t, std::size_t> shapes_;  ///< Empty where nothing is folded.
  mutable std::unordered_map<pid_t, Classification> classified_;
  std::string text_;
};

void write_node(api::JsonWriter& json, const View& view, const Process& process) {
  const auto found = view.classify(process);
  const insight::Service* service = view.service_of(process);
  json.key("pid").number(process.pid.number());
  json.key("command").string(command_line(process));
  json.key("kind").string(view.kind_word(process, found));
  json.key("sid");
  process.session ? json.number(process.session->number()) : json.null();
  json.key("pgid");
  process.group ? json.number(process.group->number()) : json.null();
  json.key("tty").string_or_null(process.terminal ? process.terminal->name() : std::string());
  json.key("service").string_or_null(service != nullptr ? service->instance : std::string());
  json.key("foster").string_or_null(service != nullptr ? service->foster : std::string());
  json.key("name").string(process.name);
  json.key("state").string(to_string(process.state));
  json.key("adopted_by");
  found.adoption ? json.number(found.adoption->by.number()) : json.null();
}

/// A process whose object is open, and the children that are still to come.
struct OpenNode {
  std::vector<const Process*> children;
  std::size_t next = 0;
};

void write_tree(api::JsonWriter& json, const View& view, const Process& root, KernelThreads kernel_threads) {
  std::vector<OpenNode> open;
  const auto begin = [&](const Process& process) {
    json.begin_object();
    write_node(json, view, process);
    json.key("children").begin_array();
    auto children = view.table().children_of(process.pid);
    std::erase_if(children, [&](const Process* child) {
      return (kernel_threads == KernelThreads::hidden && child->is_kernel_thread) ||
             child->start_ticks < process.start_ticks || child == &process;
    });
    open.push_back({std::move(children)});
  };
  begin(root);
  while (!open.empty()) {
    OpenNode& node = open.back();
    if (node.next < node.children.size()) {
      begin(*node.children[node.next++]);
    } else {
      open.pop_back();
      json.end_array();
      if (!open.empty()) json.end_object();  // the root stays open
    }
  }
}

}  // namespace

std::vector<const Process*> roots_of(const View& view, KernelThreads kernel_threads) {
  std::vector<const Process*> roots;
  for (const Process& process : view.table().processes()) {
    const bool is_hidden = kernel_threads == KernelThreads::hidden && process.is_kernel_thread;
    if (view.table().parent_of(process) == nullptr && !is_hidden) roots.push_back(&process);
  }
  return roots;
}

std::string tree_text(const View& view, const std::vector<const Process*>& roots, const TreeStyle& style) {
  return TreePrinter(view, style).print(roots);
}

std::string tree_legend(const TreeStyle& style) {
  std::string text;
  for (const std::string_view kind : {"service", "daemon", "foreground", "background", "orphan", "zombie"}) {
    const Sign sign = sign_of(kind);
    const std::string mark = style.has_colour ? coloured(sign.mark, sign.colour) : std::string(sign.mark);
    text += fmt::format("{}{} {}", text.empty() ? "" : "   ", mark, sign.meaning);
  }
  return text + "\n";
}

std::string tree_json(const View& view, const std::vector<const Process*>& roots, KernelThreads kernel_threads) {
  api::JsonWriter json;
  if (roots.empty()) return "null";
  write_tree(json, view, *roots.front(), kernel_threads);
  json.key("others").begin_array();
  for (std::size_t i = 1; i < roots.size(); ++i) {
    write_tree(json, view, *roots[i], kernel_threads);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace foster::cli
