#include "midillama/works/annotate_works.h"

#include "midillama/config/config.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/parallel_for.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <unordered_map>

namespace midillama::works {
namespace fs = std::filesystem;
namespace {

// What the step reads.
struct Sources {
  std::vector<Work> works;
  std::unordered_map<std::string, std::vector<Text>> texts = {};  // by work
  records::Tags tags;

  std::span<const Text> texts_of(const Work& work) const {
    const auto found = texts.find(work.id);
    return found == texts.end() ? std::span<const Text>() : std::span(found->second);
  }
};

Sources read_sources(const config::Config& config, const fs::path& directory) {
  Sources sources{.works = read_works(directory), .tags = records::read_tags(config.corpus.tag_file)};
  for_each_text(directory, [&](const Text& text) { sources.texts[text.work].push_back(text); });
  return sources;
}

FieldCounts& operator+=(FieldCounts& counts, const Finding& finding) {
  ++(finding.is_label() ? counts.labels : finding.value == kNotEnough ? counts.not_enough : counts.unsupported);
  return counts;
}

records::MadeOf made_of(const config::Config& config, const fs::path& directory) {
  records::MadeOf of;
  of.settings = {{"model", config.chat.model},
                 {"instructions", config.annotation.instructions},
                 {"max_characters", config.annotation.max_characters},
                 {"max_tokens", config.annotation.max_tokens},
                 {"tags", fingerprint(records::read_tags(config.corpus.tag_file).text)}};
  for (const char* file : {kPiecesFile, kTextsFile}) of.files[file] = records::fingerprint_of(directory, file);
  return of;
}

}  // namespace

records::StepState annotation_state(const config::Config& config, const fs::path& directory) {
  return records::state_of(directory, records::kAnnotateStep, made_of(config, directory));
}

AnnotationReport annotate_works(const config::Config& config, const fs::path& directory, const std::function<bool()>& is_stopped) {
  records::require_own(directory, records::kAnnotateStep);
  const records::MadeOf of = made_of(config, directory);
  const Sources sources = read_sources(config, directory);
  const Annotator annotator(config.annotation, sources.tags);
  chat::RequestLog log(directory / kRequestsFile);
  chat::Client client(config.chat, log, is_stopped);
  std::vector<Annotation> annotations(sources.works.size());
  const auto annotate = [&](std::size_t i) {
    const Work& work = sources.works[i];
    annotations[i] =
        *annotator.annotate(work, sources.texts_of(work), [&](const chat::Call& call) { return std::optional(client.ask(call)); });
    client.require_an_answer();
  };
  parallel_for("annotating", annotations.size(), annotate, static_cast<unsigned>(config.chat.max_parallel));

  AnnotationReport report{.works = annotations.size()};
  records::StepFile file(directory, records::kAnnotateStep);
  for (const Annotation& annotation : annotations) {
    file.write(json_line(to_line(annotation)));
    ++(annotation.status == kAnnotated ? report.annotated : annotation.status == "failed" ? report.failed : report.without_text);
    if (annotation.status == kAnnotated && !annotation.problem.empty()) ++report.half_asked;
    for (const auto& [name, finding] : annotation.fields) report.fields[name] += finding;
  }
  const OrderedJson counts = {{"works", report.works},
                              {"annotated", report.annotated},
                              {"without_text", report.without_text},
                              {"failed", report.failed},
                              {"half_asked", report.half_asked}};
  file.commit(of, counts, report.failed + report.half_asked == 0);
  report.calls = client.totals();
  report.cost = chat::cost_of(config.chat, report.calls.usage);
  return report;
}

chat::Requests waiting_requests(const config::Config& config, const fs::path& directory) {
  const Sources sources = read_sources(config, directory);
  const Annotator annotator(config.annotation, sources.tags);
  const chat::RequestLog log(directory / kRequestsFile);
  chat::Requests waiting;
  for (const Work& work : sources.works) {
    annotator.annotate(work, sources.texts_of(work),
                       [&](const chat::Call& call) { return chat::find_or_wait(log, call, config.chat.model, waiting); });
  }
  return waiting;
}

Estimate estimate_of(const config::Chat& config, const chat::Requests& requests) {
  Estimate estimate{.calls = requests.size()};
  for (const auto& [key, request] : requests) {
    const chat::Usage usage = chat::usage_at_most(OrderedJson::parse(request));
    estimate.at_most.prompt_tokens += usage.prompt_tokens;
    estimate.at_most.completion_tokens += usage.completion_tokens;
  }
  estimate.cost = chat::cost_of(config, estimate.at_most);
  return estimate;
}

}  // namespace midillama::works
