#include "grammar/automaton.h"

#include "grammar/costs.h"

#include <algorithm>
#include <limits>

namespace midillama::grammar {
namespace {

// Threads side by side at most. JSON values end at the same byte however they are read, so ways multiply only from a value to those in it.
constexpr std::size_t kMostWays = 64;

constexpr bool is_free_key_byte(char byte) {
  return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}
constexpr std::size_t kFreeKeyBytes = 93;

struct Range {
  std::uint32_t first, last;
};

// Of spellings that are alike for `written` bytes, those that go on with `byte`.
Range narrowed(const std::vector<Spelling>& spellings, Range range, std::uint32_t written, std::uint8_t byte) {
  const auto next = [&](const Spelling& spelling) {
    return spelling.text.size() > written ? static_cast<std::uint8_t>(spelling.text[written]) : -1;
  };
  const auto begin = spellings.begin() + range.first, end = spellings.begin() + range.last;
  const auto first = std::ranges::lower_bound(begin, end, byte, {}, next);
  const auto last = std::ranges::upper_bound(first, end, byte, {}, next);
  return {static_cast<std::uint32_t>(first - spellings.begin()), static_cast<std::uint32_t>(last - spellings.begin())};
}

// Of a JSON value.
constexpr bool is_first_byte(std::uint8_t byte) {
  return byte == '"' || byte == '[' || byte == '{' || byte == '-' || (byte >= '0' && byte <= '9') || byte == 'f' || byte == 'n' ||
         byte == 't';
}

// Of so many keys that begin alike one is taken: bytes that are needed until none is, if each leads to where the fewest are.
Cost bytes_beyond(std::size_t keys) {
  Cost bytes = 0;
  for (; keys > 0; keys = (keys - 1) / kFreeKeyBytes) ++bytes;
  return bytes;
}

}  // namespace

Automaton::Automaton(const Schema& schema, bool may_begin_with_space) : schema_(&schema) {
  links_.push_back({0, 0, 0});
  push({0, 0, 1, kMostLevels, Document{.is_done = true, .may_space = false}});
  push({0, 0, 1, kMostLevels, Document{.is_done = false, .may_space = may_begin_with_space}});
}

void Automaton::release(const Mark& mark) {
  frames_.resize(mark.frames, frames_.front());
  links_.resize(mark.links);
}

void Automaton::advance(std::vector<Thread>& stack, std::size_t begin, std::size_t end, std::uint8_t byte) {
  stack_ = &stack;
  made_ = stack.size();
  for (std::size_t i = begin; i < end; ++i) read(stack[i], byte);
}

Thread Automaton::push(const Frame& frame) {
  frames_.push_back(frame);
  return static_cast<Thread>(frames_.size() - 1);
}

bool Automaton::is_new(const Frame& frame) const {
  return std::none_of(stack_->begin() + static_cast<std::ptrdiff_t>(made_), stack_->end(),
                      [&](Thread other) { return frames_[other] == frame; });
}

void Automaton::add(const Frame& frame) {
  if (is_new(frame)) stack_->push_back(push(frame));
}

void Automaton::add(Thread thread) {
  if (is_new(frames_[thread])) stack_->push_back(thread);
}

bool Automaton::may_end(const State& state) {
  if (const auto* number = std::get_if<BoundedNumber>(&state)) return number->may_end();
  if (const auto* number = std::get_if<Number>(&state)) return number->may_end();
  const auto* text = std::get_if<Text>(&state);
  return text != nullptr && text->node->states[text->reached.state].is_end;
}

bool Automaton::is_complete(Thread thread) const {
  const Frame& frame = frames_[thread];
  if (const auto* document = std::get_if<Document>(&frame.state)) return document->is_done;
  return may_end(frame.state) && std::holds_alternative<Document>(frames_[frame.below].state);
}

// --- Reading

void Automaton::read(Thread thread, std::uint8_t byte) {
  const Frame frame = frames_[thread];  // a copy: the arena grows
  if (may_end(frame.state)) read(frame.below, byte);
  std::visit([&](const auto& state) { read(frame, state, byte); }, frame.state);
}

void Automaton::begin(ValueId value, const Frame& below, Cost after, std::uint8_t byte) {
  struct Way {
    Cost cost;
    State state;
  };
  std::vector<Way> ways;
  if (!is_first_byte(byte)) return;
  for (const NodeId node : schema_->values[value].alternatives) {
    const Cost cost = schema_->node_costs[node][below.levels];
    if (cost >= kImpossible) continue;
    if (auto state = begun(schema_->nodes[node], byte)) ways.push_back({cost, std::move(*state)});
  }
  if (ways.empty()) return;
  const std::size_t most = std::max<std::size_t>(1, kMostWays / below.ways);
  if (ways.size() > most) {
    std::ranges::stable_sort(ways, {}, &Way::cost);
    ways.resize(most, ways.front());
  }
  const Thread around = push(below);
  const auto levels = static_cast<std::uint8_t>(std::max(below.levels - 1, 0));
  for (const Way& way : ways) add({around, after, static_cast<std::uint16_t>(below.ways * ways.size()), levels, way.state});
}

std::optional<Automaton::State> Automaton::begun(const Node& node, std::uint8_t byte) {
  if (const auto* text = std::get_if<TextNode>(&node)) {
    const auto reached = text->after({}, byte);
    return reached ? std::optional<State>(Text{text, *reached}) : std::nullopt;
  }
  if (const auto* number = std::get_if<BoundedNumberNode>(&node)) return BoundedNumber::begin(*number, byte);
  if (std::holds_alternative<NumberNode>(node)) return Number::begin(byte);
  if (const auto* string = std::get_if<StringNode>(&node); string != nullptr && byte == '"') return String{string, StringScanner(), 0};
  if (const auto* array = std::get_if<ArrayNode>(&node); array != nullptr && byte == '[') return Array{array, Array::At::opened, false, 0};
  if (const auto* object = std::get_if<ObjectNode>(&node); object != nullptr && byte == '{')
    return Object{object, Object::At::opened, false, 0, 0, 0};
  return std::nullopt;
}

void Automaton::read(const Frame& frame, const Document& document, std::uint8_t byte) {
  if (document.is_done) return;
  Frame next = frame;
  if (byte == ' ' && document.may_space) {
    next.state = Document{.is_done = false, .may_space = false};
    return add(next);
  }
  next.state = Document{.is_done = true, .may_space = false};
  begin(schema_->root, next, 0, byte);
}

void Automaton::read(const Frame& frame, const Text& text, std::uint8_t byte) {
  const auto reached = text.node->after(text.reached, byte);
  if (!reached) return;
  if (text.node->states[reached->state].is_end && text.node->edges_of(reached->state).empty()) return add(frame.below);
  Frame next = frame;
  next.state = Text{text.node, *reached};
  add(next);
}

void Automaton::read(const Frame& frame, const String& string, std::uint8_t byte) {
  String after = string;
  const auto found = after.scanner.take(byte);
  if (found == StringScanner::Found::error) return;
  if (found == StringScanner::Found::end) {
    if (string.characters >= string.node->fewest) add(frame.below);
    return;
  }
  if (string.scanner.is_between_characters() && string.characters >= string.node->most) return;
  if (found == StringScanner::Found::character) ++after.characters;
  Frame next = frame;
  next.state = after;
  add(next);
}

void Automaton::read(const Frame& frame, const BoundedNumber& number, std::uint8_t byte) {
  const auto after = number.after(byte);
  if (!after) return;
  Frame next = frame;
  next.state = *after;
  add(next);
}

void Automaton::read(const Frame& frame, const Number& number, std::uint8_t byte) {
  const auto after = number.after(byte);
  if (!after) return;
  Frame next = frame;
  next.state = *after;
  add(next);
}

void Automaton::read(const Frame& frame, const Array& array, std::uint8_t byte) {
  Frame next = frame;
  switch (array.at) {
    case Array::At::opened:
      if (byte == ']' && array.node->fewest == 0) return add(frame.below);
      return read_item(frame, array, byte);
    case Array::At::after_item:
      if (byte == ']' && array.items >= array.node->fewest) return add(frame.below);
      if (byte != ',' || array.items >= array.node->most) return;
      next.state = Array{array.node, Array::At::after_comma, true, array.items};
      break;
    case Array::At::after_comma:
      if (byte != ' ' || !array.may_space) return read_item(frame, array, byte);
      next.state = Array{array.node, Array::At::after_comma, false, array.items};
      break;
  }
  if (own_cost(next, std::get<Array>(next.state)) < kImpossible) add(next);
}

void Automaton::read_item(const Frame& frame, const Array& array, std::uint8_t byte) {
  const auto item = array.node->item(array.items);
  if (!item || array.items >= array.node->most) return;
  const Cost tail = array_tail(*schema_, *array.node, array.items + 1, frame.levels);
  Frame below = frame;
  below.state = Array{array.node, Array::At::after_item, false, array.items + 1};
  begin(*item, below, plus(tail, frame.after), byte);
}

void Automaton::read(const Frame& frame, const Object& object, std::uint8_t byte) {
  using At = Object::At;
  const ObjectNode& node = *object.node;
  if (byte == ' ' && object.may_space) {
    Frame next = frame;
    std::get<Object>(next.state).may_space = false;
    return add(next);
  }
  switch (object.at) {
    case At::opened:
    case At::after_comma:
      if (byte == '"') return read_key_start(frame, object);
      if (byte == '}' && object.at == At::opened && node.required[0] == node.properties.size()) add(frame.below);
      return;
    case At::after_value:
      if (byte == '}' && node.required[object.next] == node.properties.size()) return add(frame.below);
      if (byte == ',' && from_key(node, object.next, object.others, frame.levels) < kImpossible) {
        Frame next = frame;
        next.state = Object{&node, At::after_comma, true, object.next, 0, object.others};
        add(next);
      }
      return;
    case At::before_colon:
      if (byte == ':') {
        Frame next = frame;
        next.state = Object{&node, At::before_value, true, object.next, object.property, object.others};
        add(next);
      }
      return;
    case At::before_value:
      return read_value(frame, object, byte);
  }
}

void Automaton::read_key_start(const Frame& frame, const Object& object) {
  const ObjectNode& node = *object.node;
  Frame next = frame;
  const auto keys = static_cast<std::uint32_t>(node.keys.size());
  const Name name{&node, 0, keys, 1, object.next};
  next.state = name;
  if (own_cost(next, name) < kImpossible) add(next);
  const std::size_t others = node.properties.size();
  if (!node.additional || node.required[object.next] < others || from_value(node, others, frame.levels) >= kImpossible) return;
  next.state = Key{&node, StringScanner(StringScanner::Escapes::refused), 0, object.others};
  add(next);
}

void Automaton::read_value(const Frame& frame, const Object& object, std::uint8_t byte) {
  const ObjectNode& node = *object.node;
  const bool is_other = object.property == node.properties.size();
  const std::uint32_t next = is_other ? object.property : object.property + 1;
  Frame below = frame;
  below.state = Object{&node, Object::At::after_value, false, next, 0, object.others};
  const Cost tail = node.tails[next][frame.levels];
  begin(is_other ? *node.additional : node.properties[object.property].value, below, plus(tail, frame.after), byte);
}

void Automaton::read(const Frame& frame, const Name& name, std::uint8_t byte) {
  const ObjectNode& node = *name.node;
  const auto [first, last] = narrowed(node.keys, {name.first, name.last}, name.written, byte);
  if (first == last) return;
  Frame next = frame;
  const Name after{&node, first, last, name.written + 1, name.next};
  next.state = after;
  if (own_cost(next, after) >= kImpossible) return;
  if (const Spelling& key = node.keys[first]; key.text.size() == after.written)
    next.state = Object{&node, Object::At::before_value, true, name.next, key.property, 0};
  add(next);
}

void Automaton::read(const Frame& frame, const Key& key, std::uint8_t byte) {
  const ObjectNode& node = *key.node;
  Key after = key;
  const auto found = after.scanner.take(byte);
  if (found == StringScanner::Found::error) return;
  Frame next = frame;
  if (found == StringScanner::Found::end) {
    if (is_taken(node, key.others, key.text)) return;
    links_.push_back({key.others, key.text, std::max(links_[key.others].size, links_[key.text].size)});
    const auto others = static_cast<std::uint32_t>(node.properties.size());
    next.state = Object{&node, Object::At::before_colon, false, others, others, static_cast<List>(links_.size() - 1)};
  } else {
    links_.push_back({key.text, byte, links_[key.text].size + 1});
    after.text = static_cast<List>(links_.size() - 1);
    next.state = after;
  }
  add(next);
}

// --- Costs

Cost Automaton::cost(Thread thread) const {
  const Frame& frame = frames_[thread];
  return plus(frame.after, std::visit([&](const auto& state) { return own_cost(frame, state); }, frame.state));
}

Cost Automaton::own_cost(const Frame& frame, const Document& document) const {
  return document.is_done ? 0 : value_cost(schema_->root, frame.levels);
}

Cost Automaton::own_cost(const Frame&, const Text& text) const {
  return text.node->states[text.reached.state].cost;
}

Cost Automaton::own_cost(const Frame&, const String& string) const {
  const std::int64_t characters = string.characters + (string.scanner.is_between_characters() ? 0 : 1);
  return plus(string.scanner.bytes_left() + 1, to_cost(std::max<std::int64_t>(0, string.node->fewest - characters)));
}

Cost Automaton::own_cost(const Frame&, const BoundedNumber& number) const {
  return number.cost();
}

Cost Automaton::own_cost(const Frame&, const Number& number) const {
  return number.cost();
}

Cost Automaton::own_cost(const Frame& frame, const Array& array) const {
  const ArrayNode& node = *array.node;
  if (array.at == Array::At::after_item) return array_tail(*schema_, node, array.items, frame.levels);
  if (array.at == Array::At::opened && node.fewest == 0) return 1;
  const auto item = node.item(array.items);
  return item ? plus(value_cost(*item, frame.levels), array_tail(*schema_, node, array.items + 1, frame.levels)) : kImpossible;
}

Cost Automaton::own_cost(const Frame& frame, const Object& object) const {
  using At = Object::At;
  const ObjectNode& node = *object.node;
  switch (object.at) {
    case At::opened:
      return node.required[0] == node.properties.size() ? 1 : node.tails[0][frame.levels] - 1;
    case At::after_value:
      return node.tails[object.next][frame.levels];
    case At::after_comma:
      return from_key(node, object.next, object.others, frame.levels);
    case At::before_colon:
      return plus(1, from_value(node, object.property, frame.levels));
    case At::before_value:
      return from_value(node, object.property, frame.levels);
  }
  return kImpossible;
}

Cost Automaton::own_cost(const Frame& frame, const Name& name) const {
  const ObjectNode& node = *name.node;
  Cost least = kImpossible;
  for (std::uint32_t i = name.first; i < name.last; ++i) {
    const Spelling& key = node.keys[i];
    if (key.property < name.next || key.property > node.required[name.next]) continue;
    least = std::min(least, plus(key.costs[name.written], from_value(node, key.property, frame.levels)));
  }
  return least;
}

Cost Automaton::own_cost(const Frame& frame, const Key& key) const {
  const ObjectNode& node = *key.node;
  Cost missing = 0;
  if (!key.scanner.is_between_characters()) {
    missing = key.scanner.bytes_left() + most_bytes_to_free(node, key.others);
  } else if (is_taken(node, key.others, key.text)) {
    missing = bytes_to_free(node, key.others, text_of(key.text));
  }
  return plus(missing + 2, from_value(node, node.properties.size(), frame.levels));
}

Cost Automaton::from_value(const ObjectNode& node, std::size_t property, int levels) const {
  if (property == node.properties.size()) return plus(value_cost(*node.additional, levels), 1);
  return plus(value_cost(node.properties[property].value, levels), node.tails[property + 1][static_cast<std::size_t>(levels)]);
}

Cost Automaton::from_key(const ObjectNode& node, std::size_t next, List others, int levels) const {
  const std::size_t count = node.properties.size();
  const Cost least = node.key_tails[next][static_cast<std::size_t>(levels)];
  if (!node.additional || node.required[next] < count) return least;
  return std::min(least, plus(3 + bytes_to_free(node, others, ""), from_value(node, count, levels)));
}

// --- Texts that are free

std::optional<Automaton::FreeText> Automaton::free_text(Thread thread, Cost left) const {
  const Frame& frame = frames_[thread];
  if (const auto* string = std::get_if<String>(&frame.state)) return free_text(frame, *string, left);
  if (const auto* key = std::get_if<Key>(&frame.state)) return free_text(frame, *key, left);
  return std::nullopt;
}

std::optional<Automaton::BoundText> Automaton::bound_text(Thread thread) const {
  const Frame& frame = frames_[thread];
  const auto* text = std::get_if<Text>(&frame.state);
  if (text == nullptr || !text->node->are_strings) return std::nullopt;
  return BoundText{text->node, text->reached, frame.after, frame.below};
}

std::optional<Automaton::FreeText> Automaton::free_text(const Frame& frame, const String& string, Cost left) const {
  FreeText text{.place = Place::in_string, .fewest = 1, .most = 0};
  if (string.scanner.is_after_backslash()) {
    text.place = Place::after_backslash;
  } else if (string.scanner.is_before_last_digit()) {
    text.place = Place::before_last_digit;
  } else if (!string.scanner.is_between_characters()) {
    return std::nullopt;
  }
  const std::int64_t for_characters = left - 1 - frame.after;  // after the token, until the quote
  if (for_characters < 0) return text;
  text.fewest = string.node->fewest - string.characters - for_characters;
  text.most = string.node->most - string.characters;
  return text;
}

std::optional<Automaton::FreeText> Automaton::free_text(const Frame& frame, const Key& key, Cost left) const {
  const ObjectNode& node = *key.node;
  if (!key.scanner.is_between_characters()) return std::nullopt;
  FreeText text{.place = Place::in_key, .fewest = 1, .most = 0};
  const Cost to_free = left - plus(frame.after, plus(2, from_value(node, node.properties.size(), frame.levels)));
  if (to_free < 0) return text;
  text.fewest = 0;
  text.most = std::numeric_limits<std::int64_t>::max();
  if (to_free >= most_bytes_to_free(node, key.others)) return text;
  const std::string written = text_of(key.text);
  for (std::string& ending : taken_endings(node, key.others, written)) {
    if (bytes_to_free(node, key.others, written + ending) > to_free) text.except.push_back(std::move(ending));
  }
  return text;
}

// --- Keys beyond the properties

std::string Automaton::text_of(List key) const {
  std::string text;
  for (; key != 0; key = links_[key].rest) text += static_cast<char>(links_[key].entry);
  std::ranges::reverse(text);
  return text;
}

std::vector<std::string> Automaton::taken_endings(const ObjectNode& node, List others, const std::string& key) const {
  std::vector<std::string> endings;
  const auto add_ending = [&](std::string_view taken) {
    if (taken.starts_with(key)) endings.emplace_back(taken.substr(key.size()));
  };
  for (const Spelling& name : node.keys)
    add_ending(std::string_view(name.text).substr(1, name.text.size() - 3));  // without quotes and colon
  for (; others != 0; others = links_[others].rest) add_ending(text_of(links_[others].entry));
  return endings;
}

bool Automaton::is_taken(const ObjectNode& node, List others, const std::string& key) const {
  if (std::ranges::binary_search(node.keys, "\"" + key + "\":", {}, &Spelling::text)) return true;
  for (; others != 0; others = links_[others].rest) {
    if (text_of(links_[others].entry) == key) return true;
  }
  return false;
}

// Most keys that are written are longer than those that are there.
bool Automaton::is_taken(const ObjectNode& node, List others, List key) const {
  return links_[key].size <= std::max(node.longest_name, links_[others].size) && is_taken(node, others, text_of(key));
}

Cost Automaton::bytes_to_free(const ObjectNode& node, List others, const std::string& key) const {
  if (!is_taken(node, others, key)) return 0;
  const std::string beginning = "\"" + key;
  const auto begins = [&](const Spelling& name) { return name.text.compare(0, beginning.size(), beginning); };
  const auto first = std::ranges::lower_bound(node.keys, 0, {}, begins), last = std::ranges::upper_bound(node.keys, 0, {}, begins);
  auto taken = static_cast<std::size_t>(last - first);
  for (; others != 0; others = links_[others].rest) taken += text_of(links_[others].entry).starts_with(key) ? 1 : 0;
  return bytes_beyond(taken);
}

Cost Automaton::most_bytes_to_free(const ObjectNode& node, List others) const {
  std::size_t taken = node.keys.size();
  for (; others != 0; others = links_[others].rest) ++taken;
  return std::max<Cost>(1, bytes_beyond(taken));
}

}  // namespace midillama::grammar
