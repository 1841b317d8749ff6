// The consent page: what its author writes in Markdown, as HTML.
#pragma once

#include <string>
#include <string_view>

namespace midillama::study {

// CommonMark. HTML in it, and links that are no plain addresses (javascript:, data:), are left out.
std::string html_of_markdown(std::string_view markdown);

}  // namespace midillama::study
