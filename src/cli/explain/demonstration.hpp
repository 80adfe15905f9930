// A play in scenes: what is said, what is done, what the process table shows then, and what was claimed of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_writer.hpp"
#include "cli/context.hpp"
#include "cli/explain/stage.hpp"
#include "insight/lint.hpp"
#include "insight/predict.hpp"
#include "insight/view.hpp"

namespace foster::cli {

/// Something that the table must show.
struct Claim {
  std::string text;
  std::function<bool(const insight::View&)> holds;
};

/// Whether the reader is waited for after each scene.
enum class Pace : std::uint8_t { through, step_by_step };

class Demonstration {
 public:
  Demonstration(Context& context, Stage& stage, Pace pace) : context_(context), stage_(stage), pace_(pace) {}

  [[nodiscard]] Stage& stage() noexcept { return stage_; }

  /// Shows what is there, once all claims hold or for some seconds have not. As a tree, or with `in_numbers` as a
  /// table.
  void show(std::string_view says, const std::vector<Claim>& claims);
  void show_in_numbers(std::string_view says, const std::vector<Claim>& claims);
  /// What `foster inspect` says will happen; shown with the next scene.
  void predict(std::string_view role, std::string_view when);
  /// What `foster zombies` says to do about the children of one; shown with the next scene.
  void advise(std::string_view role);
  /// What `foster lint` says by some of its rules; shown with the next scene.
  void judge(std::string_view role, const std::vector<std::string_view>& rules);
  /// A line that was read or heard; shown with the next scene.
  void remark(std::string text) { remarks_.push_back(std::move(text)); }

  // What is claimed most.
  [[nodiscard]] Claim child_of(const std::string& role, const std::string& parent) const;
  [[nodiscard]] Claim adopted_by_guard(const std::string& role) const;
  [[nodiscard]] Claim adopted_by(const std::string& role, const std::string& adopter) const;
  [[nodiscard]] Claim in_session_of(const std::string& role, const std::string& leader) const;
  [[nodiscard]] Claim in_group_of(const std::string& role, const std::string& leader) const;
  [[nodiscard]] Claim has_terminal(const std::string& role) const;
  [[nodiscard]] Claim has_no_terminal(const std::string& role) const;
  [[nodiscard]] Claim in_foreground(const std::string& role) const;
  [[nodiscard]] Claim in_background(const std::string& role) const;
  [[nodiscard]] Claim in_state(const std::string& role, ProcessState state) const;
  [[nodiscard]] Claim of_kind(const std::string& role, ProcessKind kind) const;
  [[nodiscard]] Claim alive(const std::string& role) const;
  [[nodiscard]] Claim gone(const std::string& role) const;
  [[nodiscard]] Claim passes(const std::string& role, std::string_view rule) const;
  [[nodiscard]] Claim fails(const std::string& role, std::string_view rule) const;
  /// Of something else than the table.
  [[nodiscard]] static Claim that(std::string text, bool holds);

  /// Every claim held so far.
  [[nodiscard]] bool is_true() const noexcept { return is_true_; }
  /// The scenes as a JSON array.
  [[nodiscard]] std::string json() const { return "[" + scenes_ + "]"; }

 private:
  enum class Shape : std::uint8_t { tree, table };

  void play(std::string_view says, const std::vector<Claim>& claims, Shape shape);
  void write_text(const insight::View& view, std::string_view says, const std::vector<bool>& held,
                  const std::vector<Claim>& claims, Shape shape);
  void write_json(const insight::View& view, std::string_view says, const std::vector<bool>& held,
                  const std::vector<Claim>& claims);
  void write_table(const insight::View& view);
  void write_tree(const insight::View& view);
  void wait_for_reader();
  [[nodiscard]] const Process* find(const insight::View& view, std::string_view role) const;
  [[nodiscard]] Claim judged(const std::string& role, std::string_view rule, insight::Verdict verdict) const;
  [[nodiscard]] Claim about(const std::string& role, std::string text,
                            std::function<bool(const Process&, const insight::View&)> holds) const;

  Context& context_;
  Stage& stage_;
  Pace pace_;
  std::vector<std::string> remarks_;
  std::string scenes_;
  bool is_true_ = true;
};

}  // namespace foster::cli
