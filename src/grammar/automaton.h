// The ways in which a text can be read as the beginning of a value of a schema.
//
// A way ("thread") is a chain of frames: the value that is being written, then the array or object around it as it will be after that
// value, and so on to the document. Frames never change and lie in one arena: a byte makes new ones, and what a walk made is given back at
// once. Several threads are read side by side where alternatives begin alike.
#pragma once

#include "grammar/numbers.h"
#include "grammar/schema.h"
#include "grammar/string_scanner.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace midillama::grammar {

using Thread = std::uint32_t;  // its first frame

class Automaton {
 public:
  // Texts may begin with a space where `may_begin_with_space`. The schema must outlive the automaton.
  Automaton(const Schema& schema, bool may_begin_with_space);

  Thread start() const { return 1; }

  // Reads a byte in the threads from `begin` to `end` of a stack and puts those that remain on top of it, each once.
  void advance(std::vector<Thread>& stack, std::size_t begin, std::size_t end, std::uint8_t byte);

  // Tokens that the document needs beyond what is written.
  Cost cost(Thread thread) const;
  bool is_complete(Thread thread) const;

  // A thread within a text that the schema leaves free, where what is around it matters to no token that keeps within it.
  enum class Place { in_string, after_backslash, before_last_digit, in_key };
  struct FreeText {
    Place place;
    std::int64_t fewest, most;  // characters that such a token may complete
    // Texts that no token may be: the key would be one that the object has, and `left` tokens too few to make it another.
    std::vector<std::string> except = {};
  };
  // Where `left` tokens come after the next. Nothing elsewhere.
  std::optional<FreeText> free_text(Thread thread, Cost left) const;

  // A thread within a string that has a pattern, where what is around it matters to no token that keeps within it.
  struct BoundText {
    const TextNode* node;
    TextNode::Reached reached;
    Cost after;    // from the text's end to the document's
    Thread below;  // which goes on after the text
  };
  // Nothing elsewhere.
  std::optional<BoundText> bound_text(Thread thread) const;

  // Frames made after a mark can be given back.
  struct Mark {
    std::size_t frames, links;
  };
  Mark mark() const { return {frames_.size(), links_.size()}; }
  void release(const Mark& mark);

 private:
  // An entry of a list that shares its rest with others: a byte of a key, or a key that an object has.
  using List = std::uint32_t;
  struct Link {
    List rest;
    std::uint32_t entry;
    std::uint32_t size;  // bytes of the key, and of the longest of several
  };

  struct Document {
    bool is_done, may_space;
    bool operator==(const Document&) const = default;
  };
  struct Text {
    const TextNode* node;
    TextNode::Reached reached;
    bool operator==(const Text&) const = default;
  };
  struct String {
    const StringNode* node;
    StringScanner scanner;
    std::int64_t characters;
    bool operator==(const String&) const = default;
  };
  struct Array {
    enum class At : std::uint8_t { opened, after_item, after_comma };
    const ArrayNode* node;
    At at;
    bool may_space;
    std::int64_t items;
    bool operator==(const Array&) const = default;
  };
  // Where an object's next key, value or end is.
  struct Object {
    enum class At : std::uint8_t { opened, after_value, after_comma, before_colon, before_value };
    const ObjectNode* node;
    At at;
    bool may_space;
    std::uint32_t next;      // properties before are written or left out
    std::uint32_t property;  // whose value comes; the number of properties: of another key
    List others;             // keys beyond the properties
    bool operator==(const Object&) const = default;
  };
  // A key of the properties.
  struct Name {
    const ObjectNode* node;
    std::uint32_t first, last, written;
    std::uint32_t next;
    bool operator==(const Name&) const = default;
  };
  // A key beyond the properties.
  struct Key {
    const ObjectNode* node;
    StringScanner scanner;
    List text;    // its bytes, the last one first
    List others;  // the object's
    bool operator==(const Key&) const = default;
  };

  using State = std::variant<Document, Text, String, BoundedNumber, Number, Array, Object, Name, Key>;
  struct Frame {
    Thread below;         // the frame after this value
    Cost after;           // tokens from this value's end to the document's
    std::uint16_t ways;   // side by side that this one may be of
    std::uint8_t levels;  // arrays and objects from here on
    State state;
    bool operator==(const Frame&) const = default;
  };

  bool is_new(const Frame& frame) const;
  void add(const Frame& frame);
  void add(Thread thread);
  void read(Thread thread, std::uint8_t byte);
  void begin(ValueId value, const Frame& below, Cost after, std::uint8_t byte);
  static std::optional<State> begun(const Node& node, std::uint8_t byte);
  Thread push(const Frame& frame);

  void read(const Frame& frame, const Document& document, std::uint8_t byte);
  void read(const Frame& frame, const Text& text, std::uint8_t byte);
  void read(const Frame& frame, const String& string, std::uint8_t byte);
  void read(const Frame& frame, const BoundedNumber& number, std::uint8_t byte);
  void read(const Frame& frame, const Number& number, std::uint8_t byte);
  void read(const Frame& frame, const Array& array, std::uint8_t byte);
  void read(const Frame& frame, const Object& object, std::uint8_t byte);
  void read(const Frame& frame, const Name& name, std::uint8_t byte);
  void read(const Frame& frame, const Key& key, std::uint8_t byte);
  void read_item(const Frame& frame, const Array& array, std::uint8_t byte);
  void read_key_start(const Frame& frame, const Object& object);
  void read_value(const Frame& frame, const Object& object, std::uint8_t byte);

  Cost own_cost(const Frame& frame, const Document& document) const;
  Cost own_cost(const Frame& frame, const Text& text) const;
  Cost own_cost(const Frame& frame, const String& string) const;
  Cost own_cost(const Frame& frame, const BoundedNumber& number) const;
  Cost own_cost(const Frame& frame, const Number& number) const;
  Cost own_cost(const Frame& frame, const Array& array) const;
  Cost own_cost(const Frame& frame, const Object& object) const;
  Cost own_cost(const Frame& frame, const Name& name) const;
  Cost own_cost(const Frame& frame, const Key& key) const;

  Cost value_cost(ValueId value, int levels) const { return schema_->values[value].costs[static_cast<std::size_t>(levels)]; }
  // From before the value of a property, or of another key, to the object's end.
  Cost from_value(const ObjectNode& node, std::size_t property, int levels) const;
  // From before a key that must come, to the object's end.
  Cost from_key(const ObjectNode& node, std::size_t next, List others, int levels) const;

  std::optional<FreeText> free_text(const Frame& frame, const String& string, Cost left) const;
  std::optional<FreeText> free_text(const Frame& frame, const Key& key, Cost left) const;

  std::string text_of(List key) const;
  // What makes it a key that the object has.
  std::vector<std::string> taken_endings(const ObjectNode& node, List others, const std::string& key) const;
  bool is_taken(const ObjectNode& node, List others, const std::string& key) const;
  bool is_taken(const ObjectNode& node, List others, List key) const;
  // Bytes that make it a key which the object does not have, at most.
  Cost bytes_to_free(const ObjectNode& node, List others, const std::string& key) const;
  Cost most_bytes_to_free(const ObjectNode& node, List others) const;
  // Whether the value may end here although no byte says so.
  static bool may_end(const State& state);

  const Schema* schema_;
  std::vector<Frame> frames_;
  std::vector<Link> links_;
  std::vector<Thread>* stack_ = nullptr;  // of the step that is made
  std::size_t made_ = 0;                  // where its threads begin
};

}  // namespace midillama::grammar
