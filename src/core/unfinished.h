// Names of files and folders that are being written. Whoever writes one holds a lock on it, which the system lifts when the process ends
// however it ends: so what nobody writes any more can be told from what another process is at.
#pragma once

#include <filesystem>

namespace midillama {

// Where a new version of `target` is written: in the same folder, under a name that nobody could foresee.
std::filesystem::path unfinished_name(const std::filesystem::path& target);

// Where `target` goes before it is deleted.
std::filesystem::path deleted_name(const std::filesystem::path& target);

// `path`, or what it points to where it is a symbolic link.
std::filesystem::path behind_link(const std::filesystem::path& path);

// Locks the open file or folder for the life of the descriptor. A file system without locks is no error: nothing is then removed.
void lock_unfinished(int descriptor);

// Removes unfinished and deleted files and folders in `parent` that no process is at: those of `target`, or all where it is empty.
void remove_unfinished(const std::filesystem::path& parent, const std::filesystem::path& target = {});

}  // namespace midillama
