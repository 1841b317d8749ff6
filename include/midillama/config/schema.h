// Every key of a configuration, with its default. Defaults are the paper's (MIDI-LLaMA, section 4); where the paper is silent the comment
// in docs/configuration.md says what was chosen.
//
// A struct's visit() lists its fields once: reading YAML, dotted overrides, dumping, and the check for unknown keys all walk that list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace midillama::config {

struct Run {
  std::string dir = "runs/default";  // a stage writes to <dir>/<stage>/
  std::uint64_t seed = 1;
  std::int64_t threads = 0;     // CPU threads of one rank; 0: all cores divided by the ranks of this machine
  std::string device = "auto";  // auto, cpu, cuda
  std::int64_t timeout = 600;   // seconds that a rank waits for the others before it gives up

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("dir", self.dir);
    v("seed", self.seed);
    v("threads", self.threads);
    v("device", self.device);
    v("timeout", self.timeout);
  }
};

struct Data {
  std::string dir = "data/default";
  std::string train_split = "train";
  std::string valid_split = "valid";
  std::string test_split = "test";

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("dir", self.dir);
    v("train_split", self.train_split);
    v("valid_split", self.valid_split);
    v("test_split", self.test_split);
  }
};

// The shape of a MusicBERT to train from scratch (stage pretrain-encoder).
struct EncoderShape {
  std::int64_t hidden_size = 256;
  std::int64_t num_hidden_layers = 4;
  std::int64_t num_attention_heads = 4;
  std::int64_t intermediate_size = 1024;
  std::int64_t max_position_embeddings = 1002;  // octuples of a window, <s> and </s> included
  double mask_probability = 0.15;
  double dropout = 0.1;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("hidden_size", self.hidden_size);
    v("num_hidden_layers", self.num_hidden_layers);
    v("num_attention_heads", self.num_attention_heads);
    v("intermediate_size", self.intermediate_size);
    v("max_position_embeddings", self.max_position_embeddings);
    v("mask_probability", self.mask_probability);
    v("dropout", self.dropout);
  }
};

struct MusicEncoder {
  std::string path;                                 // a MusicBERT directory (config.json, model.safetensors)
  std::string pooling = "mean";                     // over the notes' positions; none: a vector a note, for projectors that pool themselves
  std::int64_t tokens = 1;                          // musical tokens a clip becomes; more than 1 cuts it into spans of equally many notes
  std::string hidden_states = "before_upsampling";  // or after_upsampling: the paper says "token-level hidden states" only
  std::string dtype = "float32";
  EncoderShape pretrain;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("path", self.path);
    v("pooling", self.pooling);
    v("tokens", self.tokens);
    v("hidden_states", self.hidden_states);
    v("dtype", self.dtype);
    v("pretrain", self.pretrain);
  }
};

// How projector.initialization contrastive comes by a projector: clips learn to lie near the texts of their own facts.
struct ContrastiveStart {
  std::int64_t steps = 300;
  std::int64_t batch_size = 128;  // clips that are told apart in a step
  double learning_rate = 1e-3;
  double temperature = 0.07;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("steps", self.steps);
    v("batch_size", self.batch_size);
    v("learning_rate", self.learning_rate);
    v("temperature", self.temperature);
  }
};

struct Projector {
  std::string kind = "linear";   // see config/projector_kinds.h
  std::int64_t hidden_size = 0;  // of kind mlp's inner layer; 0: the decoder's
  std::int64_t queries = 1;      // of kind attention: musical tokens a clip becomes
  // linear: as torch::nn::Linear. whitened: trained in whitened coordinates of the training clips' embeddings, where every direction in
  // which they differ is learnt at the same pace; saved as the plain linear layer that it is. answers: the same, started from the linear
  // map that best predicts the mean embedding of the tokens of a clip's answers. contrastive: any kind, trained beforehand to tell a clip's
  // answers from those about other clips.
  std::string initialization = "linear";
  ContrastiveStart contrastive;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("kind", self.kind);
    v("hidden_size", self.hidden_size);
    v("queries", self.queries);
    v("initialization", self.initialization);
    v("contrastive", self.contrastive);
  }
};

// The shape of a Llama to train from scratch (stage pretrain-llm), and its sentencepiece vocabulary.
struct LlmShape {
  std::int64_t hidden_size = 256;
  std::int64_t num_hidden_layers = 4;
  std::int64_t num_attention_heads = 8;
  std::int64_t num_key_value_heads = 4;
  std::int64_t intermediate_size = 688;
  std::int64_t max_position_embeddings = 512;
  double rope_theta = 10000.0;
  bool tie_word_embeddings = true;
  std::int64_t vocab_size = 1024;
  std::int64_t sequence_length = 128;  // tokens of one pre-training row

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("hidden_size", self.hidden_size);
    v("num_hidden_layers", self.num_hidden_layers);
    v("num_attention_heads", self.num_attention_heads);
    v("num_key_value_heads", self.num_key_value_heads);
    v("intermediate_size", self.intermediate_size);
    v("max_position_embeddings", self.max_position_embeddings);
    v("rope_theta", self.rope_theta);
    v("tie_word_embeddings", self.tie_word_embeddings);
    v("vocab_size", self.vocab_size);
    v("sequence_length", self.sequence_length);
  }
};

struct Llm {
  std::string path;                // a Hugging Face Llama directory (config.json, safetensors, tokenizer)
  std::string dtype = "bfloat16";  // float32, bfloat16
  std::string kind = "auto";       // auto (told from the directory), base, instruct: whether its chat tokens are trained
  LlmShape pretrain;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("path", self.path);
    v("dtype", self.dtype);
    v("kind", self.kind);
    v("pretrain", self.pretrain);
  }
};

struct Prompt {
  // plain, llama3, chatml, chat (the language model's own), or the text of a template: see midillama/text/prompt.h
  std::string template_text = "plain";
  std::string system;             // the system message; empty: as the template has it
  std::string notes = "abc";      // how {notes} writes a clip: see midillama/music/clip_text.h
  std::int64_t notes_tokens = 0;  // that {notes} may have: measures beyond them are left out whole and counted; 0: no bound of its own
  std::int64_t grid = 12;         // notes abc: parts of a quarter note to which starts and ends of notes are moved
  std::int64_t max_length = 512;  // tokens of one example, musical tokens included; longer ones are cut from the question and counted

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("template", self.template_text);
    v("system", self.system);
    v("notes", self.notes);
    v("notes_tokens", self.notes_tokens);
    v("grid", self.grid);
    v("max_length", self.max_length);
  }
};

struct Lora {
  std::int64_t rank = 8;
  double alpha = 16;
  double dropout = 0.05;
  std::vector<std::string> target_modules = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("rank", self.rank);
    v("alpha", self.alpha);
    v("dropout", self.dropout);
    v("target_modules", self.target_modules);
  }
};

// How one stage trains. Values under `stages.<stage>` override these.
struct Train {
  std::int64_t batch_size = 16;           // examples of one optimizer step, over all ranks
  std::int64_t micro_batch_size = 0;      // examples of one forward pass on one rank; 0: the rank's whole share
  std::int64_t micro_batch_tokens = 0;    // of one forward pass, padding to its longest example included; 0: no bound
  bool deterministic_reduction = false;   // the same bits whatever the number of ranks; needs one of the two above
  bool activation_checkpointing = false;  // keep only each decoder layer's input, and run the layer again for its gradients
  std::int64_t max_steps = 0;             // 0: `epochs` decides
  double epochs = 1;
  double learning_rate = 5e-4;  // the maximum
  double warmup_ratio = 0.03;   // linear, then cosine to 0
  double weight_decay = 0.01;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double max_grad_norm = 1.0;  // 0: no clipping
  bool shuffle = true;
  std::int64_t checkpoint_every = 500;  // steps; one is always written at the end
  std::int64_t keep_checkpoints = 2;
  std::int64_t validate_every = 0;  // steps; 0: at the end only
  std::int64_t validate_examples = 256;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("batch_size", self.batch_size);
    v("micro_batch_size", self.micro_batch_size);
    v("micro_batch_tokens", self.micro_batch_tokens);
    v("deterministic_reduction", self.deterministic_reduction);
    v("activation_checkpointing", self.activation_checkpointing);
    v("max_steps", self.max_steps);
    v("epochs", self.epochs);
    v("learning_rate", self.learning_rate);
    v("warmup_ratio", self.warmup_ratio);
    v("weight_decay", self.weight_decay);
    v("beta1", self.beta1);
    v("beta2", self.beta2);
    v("epsilon", self.epsilon);
    v("max_grad_norm", self.max_grad_norm);
    v("shuffle", self.shuffle);
    v("checkpoint_every", self.checkpoint_every);
    v("keep_checkpoints", self.keep_checkpoints);
    v("validate_every", self.validate_every);
    v("validate_examples", self.validate_examples);
  }
};

struct Generate {
  std::int64_t max_new_tokens = 128;
  double temperature = 0.0;  // 0: greedy
  double top_p = 1.0;
  std::int64_t batch_size = 32;
  std::vector<std::int64_t> stop_token_ids;  // empty: the model's own end-of-text ids
  bool cuda_graph = true;                    // on a GPU, one launch a step
  std::string weights = "own";               // own; int8: steps of decoding on a CPU read them in 8 bits

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("max_new_tokens", self.max_new_tokens);
    v("temperature", self.temperature);
    v("top_p", self.top_p);
    v("batch_size", self.batch_size);
    v("stop_token_ids", self.stop_token_ids);
    v("cuda_graph", self.cuda_graph);
    v("weights", self.weights);
  }
};

struct BertScore {
  std::string path;         // a RoBERTa or BERT directory; empty: not configured
  std::int64_t layer = 17;  // whose output is compared; 17 is the reference's for roberta-large

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("path", self.path);
    v("layer", self.layer);
  }
};

struct Eval {
  std::int64_t max_examples = 0;     // 0: all of the split
  std::string profile = "standard";  // standard, mullama
  std::int64_t bootstrap_samples = 1000;
  BertScore bertscore;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("max_examples", self.max_examples);
    v("profile", self.profile);
    v("bootstrap_samples", self.bootstrap_samples);
    v("bertscore", self.bertscore);
  }
};

// The sources that `midillama data import` reads; src/catalog/kinds.h has their readers.
inline const std::vector<std::string>& catalog_sources() {
  static const std::vector<std::string> names = {"giantmidi", "midicaps", "maestro", "atepp", "aria", "csv", "lakh"};
  return names;
}

// How `midillama data import` reads a collection, and `midillama data build` makes a dataset.
struct Corpus {
  std::string source = "abc";  // abc: ABC collections; midi: a folder of MIDI files; those of catalog_sources(): one with a catalog
  std::string path;            // the folder that holds them (abc: also one that holds music21/corpus)
  std::vector<std::string> collections;      // abc: folders or files below it; empty: every .abc file
  std::string metadata;                      // the catalog: the CSV or JSON file that says what the MIDI files are
  bool curated = true;                       // giantmidi: only files whose video's title has the composer's surname
  std::string file_column = "file";          // csv: whose cells are paths below `path`
  std::string title_column = "title";        // csv: of the work; empty: none
  std::string composer_column = "composer";  // csv; empty: none
  std::string genre_map = "topmagd";         // lakh: the part of midi_genre_map.json that gives the label genre
  std::string style_map = "masd";            // ... and style
  double clip_seconds = 20.0;
  double min_clip_seconds = 5.0;  // a shorter clip is left out
  std::int64_t min_clip_notes = 16;
  std::int64_t clips_per_piece = 3;
  bool estimate_beats = false;  // of MIDI files that state no tempo: by music::estimate_beats(), which errs now and then
  double valid_fraction = 0.1;
  double test_fraction = 0.1;
  double duplicate_similarity = 0.4;                // shared share of two melodies' intervals from which on they are one tune
  double related_similarity = 0.35;                 // ... and from which on they stay on one side of the splits
  std::int64_t min_label_pieces = 1;                // a dance type, key, meter or origin of fewer pieces is no fact
  std::string tag_file = "configs/folk/tags.yaml";  // what each tag means and how it is asked about: docs/dataset.md
  // Asked about, of those in the file; empty: all.
  std::vector<std::string> tags = {"dance", "key", "meter", "origin", "tempo", "register", "density"};
  std::int64_t questions_per_tag = 1;  // wordings drawn for each tag of a clip
  bool balance_tags = false;           // as many questions about each tag: more wordings of tags that few clips know, fewer of the others
  std::int64_t captions = 1;           // caption wordings drawn for each clip
  double middle_register_from = 70.0;  // mean MIDI pitch; below: low
  double high_register_from = 73.0;
  double medium_density_from = 3.5;  // notes a second; below: sparse
  double dense_from = 4.5;
  double moderate_tempo_from = 76.0;  // beats a minute; below: slow
  double fast_tempo_from = 108.0;
  std::uint64_t seed = 1;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("source", self.source);
    v("path", self.path);
    v("collections", self.collections);
    v("metadata", self.metadata);
    v("curated", self.curated);
    v("file_column", self.file_column);
    v("title_column", self.title_column);
    v("composer_column", self.composer_column);
    v("genre_map", self.genre_map);
    v("style_map", self.style_map);
    v("clip_seconds", self.clip_seconds);
    v("min_clip_seconds", self.min_clip_seconds);
    v("min_clip_notes", self.min_clip_notes);
    v("clips_per_piece", self.clips_per_piece);
    v("estimate_beats", self.estimate_beats);
    v("valid_fraction", self.valid_fraction);
    v("test_fraction", self.test_fraction);
    v("duplicate_similarity", self.duplicate_similarity);
    v("related_similarity", self.related_similarity);
    v("min_label_pieces", self.min_label_pieces);
    v("tag_file", self.tag_file);
    v("tags", self.tags);
    v("questions_per_tag", self.questions_per_tag);
    v("balance_tags", self.balance_tags);
    v("captions", self.captions);
    v("middle_register_from", self.middle_register_from);
    v("high_register_from", self.high_register_from);
    v("medium_density_from", self.medium_density_from);
    v("dense_from", self.dense_from);
    v("moderate_tempo_from", self.moderate_tempo_from);
    v("fast_tempo_from", self.fast_tempo_from);
    v("seed", self.seed);
  }
};

// A list of texts that a file or an override may also give as one text.
struct Texts : std::vector<std::string> {
  using vector::vector;
};

// Where `midillama data retrieve` looks for texts about works of music.
struct Retrieval {
  Texts endpoint;                         // each the address of a MediaWiki's api.php, or a folder of texts (NAME.txt); asked in this order
  std::string contact;                    // a mail address or page that tells servers who asks; needed for an api.php
  double seconds_between_requests = 1.0;  // to one server, at least
  std::int64_t pages_per_work = 2;        // at most
  std::int64_t largest_page = 100'000;    // characters; what follows in a longer page is left out
  double timeout = 60;                    // seconds for an answer

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("endpoint", self.endpoint);
    v("contact", self.contact);
    v("seconds_between_requests", self.seconds_between_requests);
    v("pages_per_work", self.pages_per_work);
    v("largest_page", self.largest_page);
    v("timeout", self.timeout);
  }
};

// A server of language models that speaks OpenAI's chat completions.
struct Chat {
  std::string endpoint;                        // base URL, up to and with /v1
  std::string model;                           // by the server's name for it
  std::string api_key_env = "OPENAI_API_KEY";  // the environment variable with the key; empty: no key is sent
  std::int64_t max_parallel = 4;               // requests on their way at once
  std::int64_t requests_per_minute = 0;        // 0: no limit
  std::int64_t tokens_per_minute = 0;          // 0: no limit; a request counts prompt and schema (four characters a token) and max_tokens
  std::int64_t tries = 8;                      // of a request that a busy or failing server does not answer
  std::int64_t tries_for_an_answer = 3;        // of a call whose answer is cut, refused or no JSON
  double timeout = 600;                        // seconds for an answer
  double price_per_million_prompt_tokens = 0;  // dollars
  double price_per_million_completion_tokens = 0;
  bool replay = false;  // answers come from the log only

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("endpoint", self.endpoint);
    v("model", self.model);
    v("api_key_env", self.api_key_env);
    v("max_parallel", self.max_parallel);
    v("requests_per_minute", self.requests_per_minute);
    v("tokens_per_minute", self.tokens_per_minute);
    v("tries", self.tries);
    v("tries_for_an_answer", self.tries_for_an_answer);
    v("timeout", self.timeout);
    v("price_per_million_prompt_tokens", self.price_per_million_prompt_tokens);
    v("price_per_million_completion_tokens", self.price_per_million_completion_tokens);
    v("replay", self.replay);
  }
};

// How `midillama data annotate` reads texts about works.
struct Annotation {
  std::string instructions =
      "You read texts about a work of classical music and say what they state about it. Use nothing but these texts. Give each field a "
      "value and, "
      "as evidence, the one sentence of the texts that supports it most, copied word for word. Where the texts do not say it, the value is "
      "\"Not "
      "Enough Information\" and the evidence is empty.";
  std::int64_t max_characters = 24'000;  // of a work's texts that are shown to the model
  std::int64_t max_tokens = 800;         // of its answer

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("instructions", self.instructions);
    v("max_characters", self.max_characters);
    v("max_tokens", self.max_tokens);
  }
};

// How `midillama data write` comes by questions, answers and captions.
struct Writing {
  std::string by = "templates";  // templates: from the wordings of corpus.tag_file; model: by chat.model, held to the facts
  std::string instructions =
      "You write questions and answers about a clip of music, for people who learn to listen. You are told what is known of the clip. "
      "Write different questions, each as somebody would ask it who hears the clip, and answer each in one or two full sentences. An "
      "answer states the value that is known, in these words, and nothing that is not known of the clip. A question does not give its "
      "answer away. A caption describes the music and states what is known of it. Speak of the music only, never of data, files, texts "
      "or yourself.";
  double temperature = 0.7;
  std::int64_t max_tokens = 4000;         // of the model's answer, which has all texts about a clip
  double held_out_fraction = 0.1;         // of the model's questions: their wordings are asked in unseen.jsonl only
  double shared_words = 0.4;              // of an answer's longer words that those of a fact in free text must have, at least
  std::vector<std::string> forbidden = {  // words that speak of anything but music; case and punctuation aside
      "as an ai",
      "language model",
      "i cannot",
      "i cant",
      "i do not know",
      "i dont know",
      "cannot determine",
      "cannot be determined",
      "not enough information",
      "not specified",
      "not provided",
      "based on the given",
      "based on the provided",
      "given data",
      "given facts",
      "given information",
      "given description",
      "provided data",
      "provided facts",
      "provided information",
      "provided description",
      "data provided",
      "facts provided",
      "information provided",
      "description provided",
      "data given",
      "facts given",
      "information given",
      "description given",
      "according to the facts",
      "according to the data",
      "according to the information",
      "according to the description",
      "i was told",
      "i am told",
      "i was given",
      "i am given",
      "we are told",
      "known facts",
      "metadata",
      "midi",
      "json",
      "dataset",
      "annotation",
      "the label",
      "the prompt",
      "the text"};
  bool judge = false;  // a further call a clip, in which the model says which of the texts state nothing but what is known
  std::string judge_instructions =
      "You are told what is known of a clip of music, and texts about it. Say of each text whether what it states follows from what is "
      "known: \"yes\" or \"no\".";

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("by", self.by);
    v("instructions", self.instructions);
    v("temperature", self.temperature);
    v("max_tokens", self.max_tokens);
    v("held_out_fraction", self.held_out_fraction);
    v("shared_words", self.shared_words);
    v("forbidden", self.forbidden);
    v("judge", self.judge);
    v("judge_instructions", self.judge_instructions);
  }
};

// How `midillama compose` has a language model write pieces (docs/compose.md). The defaults are those of the authors' script.
struct Compose {
  std::string vocabulary = "paper";  // paper, generator, or a YAML file with genres, styles and moods
  std::vector<std::string> genres;   // of them; empty: all
  std::vector<std::string> styles;
  std::int64_t pieces = 50;      // of each genre and style
  std::string writer = "fixed";  // fixed; compatible: MIDI files as the authors' script writes them, its defects included
  bool structured = true;        // the server is sent a JSON schema; off: it is told the form in words only
  bool repair = true;            // what can be put right in an answer is, and is recorded; off: such an answer is asked for again
  std::int64_t bars = 8;
  std::int64_t melody_notes = 16;  // of a piece
  std::int64_t chord_notes = 8;
  std::int64_t bass_notes = 8;
  std::int64_t rhythm_notes = 16;
  double temperature = 0.6;  // of a combination's first piece; `temperature_step` more for each that follows, ten times, then anew
  double temperature_step = 0.04;
  double top_p = 0.9;
  std::int64_t max_tokens = 1200;  // of an answer
  std::int64_t tries = 5;          // for a piece that holds what it must

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("vocabulary", self.vocabulary);
    v("genres", self.genres);
    v("styles", self.styles);
    v("pieces", self.pieces);
    v("writer", self.writer);
    v("structured", self.structured);
    v("repair", self.repair);
    v("bars", self.bars);
    v("melody_notes", self.melody_notes);
    v("chord_notes", self.chord_notes);
    v("bass_notes", self.bass_notes);
    v("rhythm_notes", self.rhythm_notes);
    v("temperature", self.temperature);
    v("temperature_step", self.temperature_step);
    v("top_p", self.top_p);
    v("max_tokens", self.max_tokens);
    v("tries", self.tries);
  }
};

// How the stages classify and melody and their evaluations come by pieces: folders with pieces.jsonl, as `midillama compose` and
// `midillama data import` write them.
struct PieceSets {
  Texts train;                  // folders that are learnt from
  Texts test;                   // folders of which a part is tested; empty: those above
  std::int64_t folds = 5;       // parts of what is tested, works whole; 1: all of `test`
  std::int64_t fold = 0;        // the part that is tested
  double valid_fraction = 0.1;  // of the works that are learnt from: held back to validate with
  std::int64_t max_works = 0;   // that are learnt from, drawn by run.seed; 0: all

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("train", self.train);
    v("test", self.test);
    v("folds", self.folds);
    v("fold", self.fold);
    v("valid_fraction", self.valid_fraction);
    v("max_works", self.max_works);
  }
};

// A piece as a picture: time steps by pitches, a channel for each group of instruments.
struct PianoRoll {
  std::string channels = "roles";  // roles: melody, chords, bass, rhythm; one: all notes together
  std::int64_t steps_per_quarter = 4;
  std::int64_t quarters = 32;  // that are seen, from the first note on
  std::int64_t lowest_pitch = 24;
  std::int64_t pitches = 84;
  bool velocity = false;  // what a note is worth: its velocity, or 1

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("channels", self.channels);
    v("steps_per_quarter", self.steps_per_quarter);
    v("quarters", self.quarters);
    v("lowest_pitch", self.lowest_pitch);
    v("pitches", self.pitches);
    v("velocity", self.velocity);
  }
};

// What tells the genre or style of a piece (stage classify; eval --task genre and style).
struct Classify {
  std::string model = "cnn";    // cnn: of piano rolls; musicbert: a linear layer on the mean of music_encoder.path's states
  std::string task = "genre";   // genre, style: which of the two labels below is learnt
  std::string genre = "genre";  // the label of pieces.jsonl that task genre tells
  std::string style = "style";
  bool multi_label = false;     // a piece may have several: each is decided for itself
  std::string mapping;          // a YAML file: what a label of the training pieces is called among the tested ones
  std::int64_t min_pieces = 1;  // a label that fewer pieces have is left out, and pieces that have no other
  PieceSets pieces;
  PianoRoll piano_roll;
  std::vector<std::int64_t> channels = {16, 32, 64};  // of the convolutions, each followed by pooling
  double dropout = 0.3;
  std::int64_t max_shift = 5;  // semitones by which training pieces are transposed at most, either way
  std::int64_t max_start = 0;  // quarter notes from the first note on after which the picture of a training piece begins at most

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("model", self.model);
    v("task", self.task);
    v("genre", self.genre);
    v("style", self.style);
    v("multi_label", self.multi_label);
    v("mapping", self.mapping);
    v("min_pieces", self.min_pieces);
    v("pieces", self.pieces);
    v("piano_roll", self.piano_roll);
    v("channels", self.channels);
    v("dropout", self.dropout);
    v("max_shift", self.max_shift);
    v("max_start", self.max_start);
  }
};

// What tells which phrase follows a phrase (stage melody; eval --task melody).
struct Melody {
  PieceSets pieces;
  std::int64_t phrase_bars = 4;
  std::int64_t min_phrase_notes = 4;  // a phrase of fewer is left out
  std::int64_t steps_per_quarter = 12;
  std::int64_t candidates = 50;  // of a test group, one of which is what follows
  std::int64_t negatives = 1;    // in training, for each phrase that follows
  std::int64_t max_shift = 5;    // semitones by which training phrases are transposed at most, either way
  std::int64_t hidden_size = 128;
  std::int64_t num_hidden_layers = 4;
  std::int64_t num_attention_heads = 4;
  std::int64_t max_length = 192;  // tokens of both phrases; more notes are left out at the end
  double dropout = 0.1;
  double language_model_weight = 0.5;  // of the loss of the second phrase's notes beside that of the decision

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("pieces", self.pieces);
    v("phrase_bars", self.phrase_bars);
    v("min_phrase_notes", self.min_phrase_notes);
    v("steps_per_quarter", self.steps_per_quarter);
    v("candidates", self.candidates);
    v("negatives", self.negatives);
    v("max_shift", self.max_shift);
    v("hidden_size", self.hidden_size);
    v("num_hidden_layers", self.num_hidden_layers);
    v("num_attention_heads", self.num_attention_heads);
    v("max_length", self.max_length);
    v("dropout", self.dropout);
    v("language_model_weight", self.language_model_weight);
  }
};

// The rows of the table in src/music/clip_text.cpp.
inline const std::vector<std::string>& clip_text_names() {
  static const std::vector<std::string> names = {"abc", "note-list", "json"};
  return names;
}

// What hears a clip and answers. midillama: the language model with musical tokens. abc: the language model with the clip as text
// (prompt.notes) in their place. endpoint: chat.model of a server, with the clip as text; it is asked, never trained.
inline const std::vector<std::string>& system_names() {
  static const std::vector<std::string> names = {"midillama", "abc", "endpoint"};
  return names;
}

inline const std::vector<std::string>& stage_names() {
  static const std::vector<std::string> names = {"pretrain-encoder", "pretrain-llm", "align", "sft", "classify", "melody"};
  return names;
}

struct Config {
  std::string system = "midillama";  // see system_names()
  Run run;
  Data data;
  MusicEncoder music_encoder;
  Projector projector;
  Llm llm;
  Prompt prompt;
  Lora lora;
  Train train;                          // the values of the stage at hand once resolved (see resolve_stage)
  std::map<std::string, Train> stages;  // complete values per stage: the file's `train` overridden by its `stages.<stage>`
  Generate generate;
  Eval eval;
  Corpus corpus;
  Retrieval retrieval;
  Annotation annotation;
  Writing writing;
  Chat chat;
  Compose compose;
  Classify classify;
  Melody melody;
  // Dotted keys whose values nobody chose: neither a configuration that was given nor an override names them. A checkpoint may fill them
  // in (see midillama/runs/trained_with.h). load_chosen() fills the set; everywhere else it is empty: every value counts as chosen.
  std::set<std::string> assumed;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("system", self.system);
    v("run", self.run);
    v("data", self.data);
    v("music_encoder", self.music_encoder);
    v("projector", self.projector);
    v("llm", self.llm);
    v("prompt", self.prompt);
    v("lora", self.lora);
    v("train", self.train);
    v("stages", self.stages);
    v("generate", self.generate);
    v("eval", self.eval);
    v("corpus", self.corpus);
    v("retrieval", self.retrieval);
    v("annotation", self.annotation);
    v("writing", self.writing);
    v("chat", self.chat);
    v("compose", self.compose);
    v("classify", self.classify);
    v("melody", self.melody);
  }
};

}  // namespace midillama::config
