#include "midillama/serve/clip_store.h"

#include "serve/new_id.h"

#include <algorithm>
#include <utility>

namespace midillama::serve {
namespace {

std::size_t events_of(const midi::Score& score) {
  return score.note_count() + score.instruments.size() + score.tempos.size() + score.time_signatures.size() + score.key_signatures.size();
}

std::shared_ptr<const Clip> new_clip(std::string name, midi::Score score) {
  score.lyrics.clear();
  return std::make_shared<const Clip>(Clip{new_id("clip"), std::move(name), std::move(score)});
}

}  // namespace

ClipStore::ClipStore(std::vector<Clip> examples, ClipLimits limits) : limits_(limits) {
  for (Clip& example : examples) examples_.push_back(new_clip(std::move(example.name), std::move(example.score)));
}

std::shared_ptr<const Clip> ClipStore::add(std::string name, midi::Score score) {
  auto clip = new_clip(std::move(name), std::move(score));
  const std::lock_guard lock(mutex_);
  kept_.push_front(clip);
  events_ += events_of(clip->score);
  while (kept_.size() > 1 && (kept_.size() > limits_.clips || events_ > limits_.events)) {
    events_ -= events_of(kept_.back()->score);
    kept_.pop_back();
  }
  return clip;
}

std::shared_ptr<const Clip> ClipStore::find(const std::string& id) {
  const auto is_it = [&](const auto& clip) { return clip->id == id; };
  if (const auto example = std::ranges::find_if(examples_, is_it); example != examples_.end()) return *example;
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(kept_, is_it);
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return *found;
}

}  // namespace midillama::serve
