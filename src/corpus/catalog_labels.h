// What is known of the pieces of a catalog: what their catalog, the texts about their works and their notes say.
#pragma once

#include "corpus/segments.h"
#include "corpus/tag_facts.h"

#include <filesystem>

namespace midillama::corpus {

// Gives each piece the labels that the tags ask for, by the name of a tag's `from`:
// - the fields of annotations.jsonl that have their sentence in a text: genre, style, background, intent, emotion
// - `composer`, `title` and the labels of pieces.jsonl
// - of features.jsonl `key`, and where the file states them `meter` and `beats_per_minute`
// Where several have the name, the first counts; copies of the piece have their say where a tag wants that (disputes.h). Also the
// collection, the file as the place, and whether meter and tempo are stated. InputError where pieces.jsonl or features.jsonl lacks one of
// the pieces.
void add_catalog_labels(Segments& segments, const TagFacts& facts, const std::filesystem::path& folder);

}  // namespace midillama::corpus
