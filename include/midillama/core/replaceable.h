// Output files that a user names. A name that was left out (`--out *.mid`) or typed beside another must not cost a file of somebody's.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace midillama {

// InputError where another file than `what` (a noun: "page") is at `file`: one of such begins with `beginning`, in letters of either case,
// after `skipped` bytes. Nothing there, an empty file, a device or a pipe may be written.
void require_replaceable(const std::filesystem::path& file, std::string_view what, std::string_view beginning, std::size_t skipped = 0);

}  // namespace midillama
