// A document of XML-RPC as a value, made of its elements and texts in the order in which they come.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compat/xml_rpc_grammar.hpp"
#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// How deep elements may lie in each other. A value in a struct in an array takes seven.
inline constexpr int kMostElementDepth = 256;

class XmlRpcBuilder {
 public:
  explicit XmlRpcBuilder(Element root) : root_(root) {}

  // False, from any of them: that has no place here, and `problem` says why.
  [[nodiscard]] bool start(std::string_view name);
  void text(std::string_view piece);
  /// Of the element that was begun last.
  [[nodiscard]] bool end();

  std::string method;
  Array values;  ///< Parameters, or what a fault holds.
  bool is_fault = false;
  std::string problem;

 private:
  // A container or a value that is not closed yet.
  struct Open {
    Element element;
    Value value = {};
    bool is_set = false;    ///< value: by a typed element, so that the text around it means nothing.
    std::string name = {};  ///< struct: of the member at hand.
  };

  [[nodiscard]] bool refuse(std::string why);
  [[nodiscard]] bool set_scalar(Element type);
  void close_container();
  void end_value();

  Element root_;
  std::vector<Element> path_;
  std::vector<Open> open_;
  std::string text_;
};

}  // namespace foster::compat
