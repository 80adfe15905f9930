#include "compat/xml_tree.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "compat/xml_text.hpp"

namespace foster::compat {
namespace {

constexpr const char* kStep = "read XML";

constexpr unsigned kAlways =
    pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol | pugi::parse_doctype | pugi::parse_embed_pcdata;
// Blanks between elements are not kept, which takes half as long, unless they could be beside what is no plain text:
// then they are text of their own.
constexpr unsigned kUsually = kAlways | pugi::parse_ws_pcdata_single;
constexpr unsigned kWithAllBlanks = kAlways | pugi::parse_ws_pcdata;

// What the tree that is being made may still take. Trees live and end in one function: nothing else is ever counted.
thread_local std::size_t memory_left = 0;

void* allocate(std::size_t size) {
  if (size > memory_left) return nullptr;
  memory_left -= size;
  return std::malloc(size);  // NOLINT(cppcoreguidelines-no-malloc): that is how the library wants it
}

void limit_memory(std::size_t most) {
  static std::once_flag is_counted;
  std::call_once(is_counted, [] { pugi::set_memory_management_functions(allocate, std::free); });
  memory_left = most;
}

// It would end the text that it stands in.
bool refers_to_nul(std::string_view document) {
  for (auto at = document.find("&#"); at != std::string_view::npos; at = document.find("&#", at + 2)) {
    std::string_view digits = document.substr(at + 2);
    if (digits.starts_with('x')) digits.remove_prefix(1);
    const auto other = digits.find_first_not_of('0');
    if (other != 0 && other != std::string_view::npos && digits[other] == ';') return true;
  }
  return false;
}

}  // namespace

Result<pugi::xml_node> parse_xml(std::string& document, pugi::xml_document& tree, std::size_t most_memory) {
  const bool is_text = is_xml_text(document);
  if (document.contains('\0') || refers_to_nul(document)) return failure(kStep, EBADMSG, "a NUL is no character");
  const unsigned how = document.contains("<!") ? kWithAllBlanks : kUsually;
  limit_memory(most_memory);
  const auto outcome = tree.load_buffer_inplace(document.data(), document.size(), how);
  if (outcome.status == pugi::status_out_of_memory) return failure(kStep, E2BIG, "too many elements");
  if (!outcome) {
    return failure(kStep, EBADMSG, fmt::format("byte {}: {}", outcome.offset, outcome.description()));
  }
  if (!is_text && outcome.encoding == pugi::encoding_utf8) return failure(kStep, EBADMSG, "a character is none of XML");
  const auto has_type = [](pugi::xml_node node) { return node.type() == pugi::node_doctype; };
  if (tree.find_child(has_type)) return failure(kStep, EBADMSG, "a document type has no place here");
  const pugi::xml_node root = tree.document_element();
  if (next_element(root)) return failure(kStep, EBADMSG, "two documents in one");
  return root;
}

pugi::xml_node first_element(pugi::xml_node parent) {
  const pugi::xml_node first = parent.first_child();
  return first.type() == pugi::node_element ? first : next_element(first);
}

pugi::xml_node next_element(pugi::xml_node node) {
  do node = node.next_sibling();
  while (node && node.type() != pugi::node_element);
  return node;
}

std::string text_of(pugi::xml_node element) {
  std::string text = element.value();  // what stands before all children
  for (const pugi::xml_node part : element.children()) {
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) text += part.value();
  }
  return text;
}

}  // namespace foster::compat
