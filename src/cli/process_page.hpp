// One page on one process, as text and as JSON.
#pragma once

#include <string>

#include "insight/facts.hpp"
#include "insight/predict.hpp"
#include "insight/view.hpp"

namespace foster::cli {

/// All that is shown.
struct ProcessPage {
  const insight::View& view;
  const Process& process;
  const insight::Facts& facts;
  const insight::Predictions& predictions;
};

enum class PageColours : bool { off, on };

[[nodiscard]] std::string page_text(const ProcessPage& page, PageColours colours);
[[nodiscard]] std::string page_json(const ProcessPage& page);

}  // namespace foster::cli
