// The line editor, and the whole program, in a terminal of their own.
#include "midillama/serve/line_editor.h"

#include "eval/tiny_world.h"
#include "midillama/config/config.h"
#include "midillama/core/process.h"
#include "serve/pseudo_terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace midillama::serve {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct LineEditorTest : testing::Test {
  LineEditorTest() { ::setenv("TERM", "vt100", 1); }

  // What the editor makes of keys that are pressed once it waits.
  std::optional<std::string> typed(LineEditor& editor, const std::string& keys) {
    terminal.press_after("> ", keys);
    return editor.read();
  }

  PseudoTerminal terminal;
  bool interrupted = false;
};

TEST_F(LineEditorTest, ALineIsReadAsItWasEdited) {
  LineEditor editor(
      "> ", [] { return false; }, terminal.in(), terminal.out());
  EXPECT_EQ(typed(editor, "a reel\r"), "a reel");
  EXPECT_EQ(typed(editor,
                  "rexx\x7f\x7f"
                  "el\r"),
            "reel");
  EXPECT_EQ(typed(editor, "rel\x1b[De\r"), "reel") << "the left arrow";
  EXPECT_EQ(typed(editor, "f\xc3\xbcr \xe2\x99\xa9\r"), "f\xc3\xbcr \xe2\x99\xa9");
  EXPECT_EQ(typed(editor, "\r"), "");
}

TEST_F(LineEditorTest, KeysWithoutACharacterMoveDeleteOrDoNothing) {
  LineEditor editor(
      "> ", [] { return false; }, terminal.in(), terminal.out());
  for (const char* home : {"\033[1~", "\033[7~", "\033[H", "\033OH"})
    EXPECT_EQ(typed(editor, "eel" + std::string(home) + "r\r"), "reel") << home + 1;
  for (const char* end : {"\033[4~", "\033[8~", "\033[F", "\033OF"})
    EXPECT_EQ(typed(editor, "ree\033[H" + std::string(end) + "l\r"), "reel") << end + 1;
  EXPECT_EQ(typed(editor, "xreel\033[H\033[3~\r"), "reel");
  EXPECT_EQ(typed(editor, "\033[3~reel\r"), "reel") << "there is nothing to delete, and the line goes on";
  for (const char* back : {"\033[1;5D", "\033[1;3D", "\033Od"})
    EXPECT_EQ(typed(editor, "a reel" + std::string(back) + "slow \r"), "a slow reel") << back + 1;
  for (const char* forth : {"\033[1;5C", "\033[1;3C", "\033Oc"})
    EXPECT_EQ(typed(editor, "reel too\033[H" + std::string(forth) + "s\r"), "reels too") << forth + 1;
  for (const char* other : {"\033[5~", "\033[6~", "\033[2~", "\033OP", "\033[15~", "\033[24~", "\033[[A", "\033[1;2P", "\033[1;6C",
                            "\033[Z", "\033[200~", "\033[?1;2c", "\033\033[5~"})
    EXPECT_EQ(typed(editor, "re" + std::string(other) + "el\r"), "reel") << other + 1;
}

TEST_F(LineEditorTest, EarlierLinesComeBack) {
  LineEditor editor(
      "> ", [] { return false; }, terminal.in(), terminal.out());
  typed(editor, "first\r");
  typed(editor, "second\r");
  EXPECT_EQ(typed(editor, "\x1b[A\x1b[A\r"), "first");
}

TEST_F(LineEditorTest, TheEndOfTheInputEndsIt) {
  LineEditor editor(
      "> ", [] { return false; }, terminal.in(), terminal.out());
  EXPECT_EQ(typed(editor, "\x04"), std::nullopt);
}

TEST_F(LineEditorTest, AnInterruptEndsTheWaitingAndTheTerminalIsAsItWas) {
  const auto before = terminal.modes();
  LineEditor editor(
      "> ", [this] { return interrupted; }, terminal.in(), terminal.out());
  interrupted = true;
  EXPECT_EQ(editor.read(), std::nullopt);
  EXPECT_EQ(terminal.modes(), before);
}

struct ChatProgram : testing::Test {
  ChatProgram() { write_atomically(world.path("config.yaml"), config::dump(world.config)); }

  std::vector<std::string> command() const {
    return {MIDILLAMA_BINARY, "chat",
            "--config",       world.path("config.yaml"),
            "--set",          "run.device=cpu",
            "--checkpoint",   world.path("checkpoint"),
            "--midi",         world.path("data/clips/test-0.mid")};
  }

  ProcessResult through_pipe(const std::string& lines) const {
    write_atomically(world.path("lines"), lines);
    auto arguments = command();
    arguments.insert(arguments.begin(), {"sh", "-c", "lines=$0; exec \"$@\" < \"$lines\"", world.path("lines")});
    return run_process(arguments);
  }

  eval::TinyWorld world;
};

TEST_F(ChatProgram, AnswersLineByLineThroughAPipe) {
  const auto said = through_pipe("\xef\xbb\xbfWhich dance is it?\r\n/midi " + world.path("data/clips/test-1.mid") +
                                 "\nWhich key is it in?\n/quit\n/nothing\n");
  EXPECT_EQ(said.status, 0) << said.error_output;
  EXPECT_THAT(said.error_output, HasSubstr("test-1.mid: "));
  EXPECT_THAT(said.output, EndsWith("\n"));
  EXPECT_THAT(said.output, Not(HasSubstr("> ")));
}

TEST_F(ChatProgram, AMistakeInAPipeEndsIt) {
  EXPECT_EQ(through_pipe("/mdi x\n").status, 2);
  const auto lost = through_pipe("/midi " + world.path("no.mid") + "\nWhich dance is it?\n");
  EXPECT_EQ(lost.status, 1);
  EXPECT_EQ(lost.output, "");
}

TEST_F(ChatProgram, InATerminalAMistakeEndsNothingAndCtrlCDoes) {
  PseudoTerminal terminal;
  terminal.start(command());
  terminal.press_after("> ", "/mdi x\r");
  terminal.press_after("no command /mdi", "Which dance is it?\r");
  terminal.press_after("it?\r\n", "");
  terminal.press_after("> ", "half a line\x03");
  terminal.press_after("> ", "/half\r");
  terminal.press_after("no command /half", "\x03");
  EXPECT_EQ(terminal.exit_status(), 128 + SIGINT) << terminal.shown();
}

// The model goes on until its context is full, which takes it minutes.
TEST_F(ChatProgram, InATerminalCtrlCEndsAnAnswerAndOtherSignalsTheProgram) {
  Json shape = read_json(world.path("llama/config.json"));
  shape["max_position_embeddings"] = 1'000'000;
  write_atomically(world.path("llama/config.json"), shape.dump());
  auto arguments = command();
  arguments.insert(arguments.end(), {"--set", "generate.max_new_tokens=900000"});
  for (const int signal : {SIGTERM, SIGHUP}) {
    PseudoTerminal terminal;
    const auto before = terminal.modes();
    terminal.start(arguments);
    const auto signal_while_it_answers = [&](int number) {
      terminal.press_after("> ", "Which dance is it?\r");
      terminal.press_after("it?\r\n", "");
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      terminal.send(number);
    };
    signal_while_it_answers(SIGINT);
    terminal.press_after("the answer ends here", "");
    signal_while_it_answers(signal);
    EXPECT_EQ(terminal.exit_status(), 128 + signal) << terminal.shown();
    EXPECT_EQ(terminal.modes(), before);
  }
}

}  // namespace
}  // namespace midillama::serve
