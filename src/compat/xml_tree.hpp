// The elements of an XML document from strangers.
#pragma once

#include <cstddef>
#include <string>

#include <pugixml.hpp>

#include <foster/result.hpp>

namespace foster::compat {

/// Takes a document apart where it is: the tree's names and texts lie in `document`, which has to outlive it.
/// @param most_memory The tree takes no more than about so many bytes.
/// @return The root element.
/// @errors `EBADMSG`, with place and cause in `detail`: not well-formed, with a document type, or with what XML cannot
///         express. `E2BIG`: there is more in it than `most_memory` holds.
[[nodiscard]] Result<pugi::xml_node> parse_xml(std::string& document, pugi::xml_document& tree,
                                               std::size_t most_memory);

/// Null where there is no other.
[[nodiscard]] pugi::xml_node first_element(pugi::xml_node parent);
[[nodiscard]] pugi::xml_node next_element(pugi::xml_node element);

/// What an element has of texts, without those of its elements.
[[nodiscard]] std::string text_of(pugi::xml_node element);

}  // namespace foster::compat
