#include "study/consent.h"

#include <cmark.h>

#include <cstdlib>
#include <memory>
#include <new>

namespace midillama::study {

std::string html_of_markdown(std::string_view markdown) {
  // Without CMARK_OPT_UNSAFE, cmark leaves out raw HTML and dangerous links.
  const std::unique_ptr<char, decltype(&std::free)> html(cmark_markdown_to_html(markdown.data(), markdown.size(), CMARK_OPT_VALIDATE_UTF8),
                                                         std::free);
  if (!html) throw std::bad_alloc();
  return html.get();
}

}  // namespace midillama::study
