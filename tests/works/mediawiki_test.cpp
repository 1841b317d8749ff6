// `midillama data retrieve` with a real MediaWiki, where Debian's packages of it are installed (tests/works/mediawiki.sh names them).
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/process.h"
#include "midillama/net/http_client.h"
#include "midillama/works/files.h"
#include "midillama/works/retrieve.h"
#include "support/error_of.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace midillama::works {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kScript = "tests/works/mediawiki.sh";

struct PageOfTest {
  const char* title;
  const char* wikitext;
};
constexpr PageOfTest kPages[] = {
    {"Clair de lune", "'''Clair de lune''' may refer to:\n* [[Clair de lune (Debussy)]], for piano\n* [[Clair de lune (Fauré)]], a song"},
    {"Clair de lune (Debussy)",
     "'''Clair de lune''' is the third movement of the ''Suite bergamasque'' by [[Claude Debussy]].\n\n"
     "{| class=\"wikitable\"\n| Key || D-flat major\n|}\n== Music ==\nIt is marked ''andante très expressif'' and is in 9/8.\n\n"
     "=== Ending ===\nThe opening comes back.\n"},
    {"Clair de lune (Fauré)",
     "'''Clair de lune''', Op. 46 No. 2, is a song by [[Gabriel Fauré]].\n== Others ==\nClaude Debussy set the poem, too."},
    {"Claude Debussy", "'''Claude Debussy''' was a French composer, known for ''La mer'' and ''Clair de lune''."},
    {"Nocturnes, Op. 9 (Chopin)",
     "The '''Nocturnes, Op. 9''' are three pieces for piano by [[Frédéric Chopin]].\n== Nocturne in B-flat minor, Op. 9, No. 1 ==\nIts "
     "melody "
     "is free over broken chords.\n== Nocturne in E-flat major, Op. 9, No. 2 ==\nThe best known, in 12/8."},
    {"Nocturnes (Chopin)",
     "A '''nocturne''' is a piece of the night; [[Frédéric Chopin]] wrote 21.\n== List ==\n* Op. 9, No. 1\n* Op. 9, No. 2\n"},
    {"Träumerei", "'''Träumerei''' (dreaming) is the seventh of the ''Kinderszenen'', Op. 15, by [[Robert Schumann]]."},
    {"Piano Sonata No. 14 (Beethoven)",
     "The '''Piano Sonata No. 14''' in C-sharp minor, Op. 27, No. 2, by [[Ludwig van Beethoven]] is known as the '''Moonlight Sonata'''."},
    {"Piano Sonata No. 13 (Beethoven)",
     "The '''Piano Sonata No. 13''' in E-flat major, Op. 27, No. 1, by [[Ludwig van Beethoven]] was written beside No. 14 (Op. 27, No. "
     "2)."},
    {"Moonlight Sonata", "#REDIRECT [[Piano Sonata No. 14 (Beethoven)]]"},
    {"Harbour Nocturne (Vell)", "The '''Harbour Nocturne''' by Ada Vell pictures a harbour at night. It never existed."},
    {"Kesh Jig", "The '''Kesh Jig''' is an Irish dance tune in 6/8."},
};

struct PieceOfTest {
  const char *work, *composer, *title;
};
constexpr PieceOfTest kPieces[] = {
    {"moonlight", "Beethoven, Ludwig van", "Sonata No. 14 in C-sharp minor, Op. 27 No. 2"},
    {"clair", "Debussy, Claude", "Clair de lune"},
    {"sea", "Debussy, Claude", "La mer"},
    {"nocturne", "Chopin, Frédéric", "Nocturne in E-flat major, Op.9 No.2"},
    {"dreaming", "Robert Schumann", "Traumerei"},
    {"harbour", "Vell, Ada", "Harbour nocturne"},
    {"kesh", "Traditional", "The Kesh Jig"},
    {"nickname", "Ludwig van Beethoven", "Moonlight Sonata"},
};

bool is_installed() {
  return fs::exists("/usr/share/mediawiki/maintenance/install.php") && fs::exists("/usr/bin/php") &&
         run_process({"php", "-r", "exit( extension_loaded( 'pdo_sqlite' ) ? 0 : 1 );"}).status == 0;
}

// One that nobody listens at now.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

// The wiki in a folder of its own. Its server ends with the object, or with the test program.
class Wiki {
 public:
  Wiki() : port_(std::to_string(free_port())) {
    for (const PageOfTest& page : kPages) write_atomically(path("texts") / (std::string(page.title) + ".txt"), page.wikitext);
    const ProcessResult result = run_process({"bash", kScript, "install", folder_.path().string(), port_});
    if (result.status != 0) throw Error(result.output + result.error_output);
    start();
  }
  ~Wiki() {
    ::kill(-process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }
  Wiki(const Wiki&) = delete;
  Wiki& operator=(const Wiki&) = delete;

  fs::path path(const char* name) const { return folder_.path() / name; }
  std::string url() const { return "http://127.0.0.1:" + port_; }
  std::string endpoint() const { return url() + "/w/api.php"; }

 private:
  void start() {
    const std::string folder = folder_.path().string();
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setpgid(0, 0);
      ::execlp("bash", "bash", kScript, "serve", folder.c_str(), port_.c_str(), nullptr);
      ::_exit(127);
    }
    ::setpgid(process_, process_);  // whoever of the two comes first
    net::HttpClient client({.user_agent = "tests"});
    for (int tries = 0;; ++tries) {
      try {
        client.send({.url = endpoint() + "?action=query&format=json"});
        return;
      } catch (const net::NoAnswer&) {
        if (tries == 200) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
  }

  TemporaryDirectory folder_;
  std::string port_;
  pid_t process_ = -1;
};

class SlowMediaWiki : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (is_installed()) wiki_ = std::make_unique<Wiki>();
  }
  static void TearDownTestSuite() { wiki_.reset(); }

  void SetUp() override {
    if (!wiki_) GTEST_SKIP() << "there is no MediaWiki: the packages that " << kScript << " names bring it";
    config.retrieval.endpoint = {wiki_->endpoint()};
    config.retrieval.contact = "tests@example.org";
    use_folder("data");
  }
  void TearDown() override {
    if (!wiki_) return;
    for (const char* name : {"lag", "fault", "no-extracts"}) fs::remove(wiki_->path(name));
  }
  void use_folder(const std::string& name) {
    config.data.dir = (folder.path() / name).string();
    std::string lines;
    for (const PieceOfTest& piece : kPieces)
      lines += json_line({{"piece", piece.work}, {"title", piece.title}, {"composer", piece.composer}, {"work", piece.work}});
    write_atomically(fs::path(config.data.dir) / kPiecesFile, lines);
  }
  RetrievalReport retrieve() {
    RetrievalOptions options;
    options.wait = [this](double seconds) {
      if (on_wait) on_wait(seconds);
    };
    return retrieve_texts(config, options);
  }
  std::vector<Text> texts() const {
    std::vector<Text> found;
    for_each_text(config.data.dir, [&](const Text& text) { found.push_back(text); });
    return found;
  }
  std::vector<std::string> found() const {
    std::vector<std::string> lines;
    for (const Text& text : texts()) lines.push_back(text.work + " " + text.title);
    return lines;
  }
  std::string content() const {
    std::string lines;
    for (Text& text : texts()) {
      text.retrieved.clear();
      lines += json_line(to_line(text));
    }
    return lines;
  }
  void expect_all() const {
    EXPECT_THAT(found(), ElementsAre("moonlight Piano Sonata No. 14 (Beethoven)", "clair Clair de lune (Debussy)",
                                     "nocturne Nocturnes, Op. 9 (Chopin)", "nocturne Nocturnes (Chopin)", "dreaming Träumerei",
                                     "harbour Harbour Nocturne (Vell)", "kesh Kesh Jig", "nickname Piano Sonata No. 14 (Beethoven)"));
    for (const Text& text : texts()) {
      EXPECT_THAT(text.text, AllOf(Not(HasSubstr("[[")), Not(HasSubstr("''")), Not(HasSubstr("<"))));
      EXPECT_THAT(text.url, HasSubstr(wiki_->url() + "/w/index.php/"));
      EXPECT_EQ(text.sha256, sha256(text.text));
    }
    const std::string clair = texts().at(1).text;
    EXPECT_THAT(clair, HasSubstr("Clair de lune is the third movement of the Suite bergamasque by Claude Debussy.\n\n== Music ==\n"));
    EXPECT_THAT(clair, HasSubstr("andante très expressif and is in 9/8."));
    EXPECT_THAT(clair, AllOf(HasSubstr("\n=== Ending ===\n"), HasSubstr("\nThe opening comes back."), Not(HasSubstr("D-flat"))));
  }

  static inline std::unique_ptr<Wiki> wiki_;
  TemporaryDirectory folder;
  config::Config config;
  std::function<void(double)> on_wait;
};

TEST_F(SlowMediaWiki, TextsAreFound) {
  const RetrievalReport report = retrieve();
  expect_all();
  EXPECT_EQ(report.with_text, 7u);
  EXPECT_GT(report.requests, 8u);
  EXPECT_EQ(retrieve().requests, 0u);
}

TEST_F(SlowMediaWiki, WithoutTextExtractsToo) {
  write_atomically(wiki_->path("no-extracts"), "");
  retrieve();
  expect_all();
}

TEST_F(SlowMediaWiki, ARunThatWasKilledGoesOnWhereItWas) {
  struct Killed {};
  retrieve();
  const std::string expected = content();
  bool is_done = false;
  for (int kill_at = 1; !is_done; kill_at += 3) {
    use_folder("killed-" + std::to_string(kill_at));
    on_wait = [&, count = 0](double) mutable {
      if (++count == kill_at) throw Killed();
    };
    try {
      retrieve();
      is_done = true;
    } catch (const Killed&) {
    }
    on_wait = nullptr;
    retrieve();
    EXPECT_EQ(content(), expected) << kill_at;
  }
}

TEST_F(SlowMediaWiki, ItsBusyAnswersAreWaitedFor) {
  std::vector<double> waits;
  retrieve();
  const std::string expected = content();
  struct Busy {
    const char *file, *content;
    double asks_for;  // seconds
  };
  for (const Busy& busy : {Busy{"lag", "7.5", 5}, Busy{"fault", "503", 2}, Busy{"fault", "429", 2}}) {
    use_folder(std::string(busy.file) + busy.content);
    write_atomically(wiki_->path(busy.file), busy.content);
    waits.clear();
    on_wait = [&](double wait) {
      waits.push_back(wait);
      if (wait == busy.asks_for) fs::remove(wiki_->path(busy.file));
    };
    retrieve();
    EXPECT_EQ(content(), expected) << busy.content;
    EXPECT_THAT(waits, Contains(busy.asks_for));
  }
}

TEST_F(SlowMediaWiki, WithoutItsDatabaseNothingIsTakenForAnAnswer) {
  retrieve();
  const std::string expected = content();
  use_folder("down");
  fs::rename(wiki_->path("db"), wiki_->path("away"));
  EXPECT_THAT(testing_support::error_of([&] { retrieve(); }), AllOf(HasSubstr(wiki_->url() + ": status 500"), Not(HasSubstr("gsrsearch"))));
  EXPECT_FALSE(fs::exists(fs::path(config.data.dir) / kTextsFile));
  fs::rename(wiki_->path("away"), wiki_->path("db"));
  retrieve();
  EXPECT_EQ(content(), expected);
}

}  // namespace
}  // namespace midillama::works
