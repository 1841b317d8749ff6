// The words of a table for people.
#pragma once

#include "midillama/core/error.h"
#include "midillama/experiment/results.h"
#include "midillama/pages/page.h"

#include <string>
#include <vector>

namespace midillama::experiment {

// "BLEU"; a tag as it is called.
std::string label_of(const Column& column);
// "MIDI-LLaMA", "MIDI-LLaMA, music shuffled".
std::string label_of(const Row& row);
// "Question answering"
std::string title_of(const std::string& task);
// With the test's name where there are several.
std::string title_of(const Plan& plan, const Table& table);

// ".482"
std::string number(double value);
// "+.031"
std::string signed_number(double value);
std::string interval_text(const metrics::Interval& interval);

// That the examples of a table are shown without music, and why.
pages::Paragraph without_music(const Table& table, const Error& why);

// What a reader of the table must know, a paragraph each.
std::vector<std::string> explanations(const Plan& plan, const Results& results);

}  // namespace midillama::experiment
