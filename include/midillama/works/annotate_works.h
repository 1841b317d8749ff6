// `midillama data annotate`: pieces.jsonl and texts.jsonl to annotations.jsonl, with every call of the model in requests.jsonl.
#pragma once

#include "midillama/chat/batch.h"
#include "midillama/chat/client.h"
#include "midillama/records/step.h"
#include "midillama/works/annotate.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace midillama::works {

struct FieldCounts {
  std::size_t labels = 0;       // values with evidence
  std::size_t not_enough = 0;   // the texts do not say
  std::size_t unsupported = 0;  // neither
};

struct AnnotationReport {
  std::size_t works = 0, annotated = 0, without_text = 0, failed = 0;
  std::size_t half_asked = 0;  // annotated works whose second call failed
  std::map<std::string, FieldCounts> fields = {};
  chat::Totals calls = {};
  double cost = 0;  // dollars of this run; 0 without prices
};

// Annotates every work of `directory` and writes annotations.jsonl, in the order of pieces.jsonl, when all are done. What was answered
// before is not asked again, so that a run that was ended at any moment goes on with the next one, and the file is the same. A work whose
// first call fails is recorded as failed, one whose second call fails has what held; either is asked again by the next run. net::Stopped
// where `is_stopped` says so.
AnnotationReport annotate_works(const config::Config& config, const std::filesystem::path& directory,
                                const std::function<bool()>& is_stopped);

// Whether annotations.jsonl is what annotate_works() would write: of these pieces, texts and tags, by this model, and no call failed.
records::StepState annotation_state(const config::Config& config, const std::filesystem::path& directory);

// What annotate_works() would ask first: the calls that wait for an answer. Second ones are known when the first have been answered.
chat::Requests waiting_requests(const config::Config& config, const std::filesystem::path& directory);

struct Estimate {
  std::size_t calls = 0;
  chat::Usage at_most = {};  // four characters a token, answers as long as they may be
  double cost = 0;           // dollars; 0 without prices
};
Estimate estimate_of(const config::Chat& config, const chat::Requests& requests);

}  // namespace midillama::works
