// The text of a page that a MediaWiki has made HTML of, as its extension TextExtracts would give it.
#pragma once

#include <string>
#include <string_view>

namespace midillama::works {

// Paragraphs, list items and headings ("== Movements ==") as lines; without tables, figures, references and what is not printed. Nothing is
// read that could not be HTML: what is broken comes out as text.
std::string text_of_html(std::string_view html);

}  // namespace midillama::works
