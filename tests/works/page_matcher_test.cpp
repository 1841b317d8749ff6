#include "midillama/works/page_matcher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::works {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PageMatcher matcher(const std::string& composer, const std::string& title) {
  return PageMatcher({.id = "w", .composer = composer, .title = title});
}

constexpr const char* kMoonlight =
    "The Piano Sonata No. 14 in C-sharp minor, Op. 27, No. 2, is a piano sonata by Ludwig van Beethoven, known as the Moonlight Sonata.";

TEST(PageMatcher, APageNamesComposerAndWork) {
  const auto page = [](const PageMatcher& work) { return work.is_about("Piano Sonata No. 14 (Beethoven)", kMoonlight); };
  for (const char* composer :
       {"Beethoven", "Ludwig van Beethoven", "Beethoven, Ludwig van", "van Beethoven, Ludwig", "BEETHOVEN (1770-1827)"})
    EXPECT_TRUE(page(matcher(composer, "Sonata No.14 in C-Sharp Minor, Op.27 No.2"))) << composer;
  for (const char* title : {"Moonlight Sonata", "Piano Sonata No. 14", "Sonata 14", "Sonatas, Op. 27", "Sonata cis-Moll op. 27 Nr. 2"})
    EXPECT_TRUE(page(matcher("Beethoven", title))) << title;
  for (const char* title : {"Sonata No. 13", "Sonata Op. 28", "Sunlight Sonata", "Sonata Op. 27 No. 1", "Bagatelle No. 14", "Sonata K. 14"})
    EXPECT_FALSE(page(matcher("Beethoven", title))) << title;
  for (const char* composer : {"Mozart", "Bach, Johann Sebastian"}) EXPECT_FALSE(page(matcher(composer, "Moonlight Sonata"))) << composer;
}

TEST(PageMatcher, SpellingsDoNotCount) {
  const char* text = "Träumerei is the seventh of Robert Schumann's Kinderszenen, Op. 15.";
  EXPECT_TRUE(matcher("SCHUMANN, Robert", "Traumerei, Op.15").is_about("Träumerei", text));
  EXPECT_TRUE(matcher("Schumann", "Traeumerei").is_about("Träumerei", text));
  EXPECT_TRUE(matcher("Dvorak", "Slavonic Dance").is_about("Slavonic Dances", "The Slavonic Dances by Antonín Dvořák."));
  EXPECT_TRUE(matcher("Camille Saint-Saens", "Le cygne").is_about("Le Cygne", "Le cygne, by Camille Saint‑Saëns, is for cello."));
}

TEST(PageMatcher, SurnamesAreTold) {
  const auto by = [](const char* composer, const char* name) {
    return matcher(composer, "Waltz").is_about("Waltz", std::string("A waltz by ") + name + ".");
  };
  EXPECT_TRUE(by("Johann Strauss II", "Strauss"));
  EXPECT_TRUE(by("Strauss Jr., Johann", "Strauss"));
  EXPECT_TRUE(by("Vaughan Williams, Ralph", "Ralph Vaughan Williams"));
  EXPECT_FALSE(by("Vaughan Williams, Ralph", "John Williams"));
  EXPECT_TRUE(by("Manuel de Falla", "de Falla"));
  EXPECT_FALSE(by("Saint-Saëns", "Saint Georges"));
}

TEST(PageMatcher, OneTitleOfAnotherComposerIsNotIt) {
  const PageMatcher debussy = matcher("Debussy, Claude", "Clair de lune");
  EXPECT_TRUE(debussy.is_about("Clair de lune (Debussy)", "Clair de lune is a movement of Claude Debussy's suite."));
  EXPECT_FALSE(debussy.is_about("Clair de lune (Fauré)", "Clair de lune is a song by Gabriel Fauré. Debussy set the poem, too."));
  EXPECT_FALSE(debussy.is_about("Clair de lune", "Clair de lune is a song by Gabriel Fauré.\n\n== Others ==\nDebussy set the poem, too."));
  EXPECT_TRUE(debussy.is_about("Clair de lune (piano)", "By Debussy.")) << "brackets without a name";
}

TEST(PageMatcher, NumbersAreOfTheWork) {
  const char* set =
      "The Nocturnes, Op. 9 are three pieces by Frédéric Chopin.\n\n== Nocturne in E-flat major, Op. 9, No. 2 ==\nThe best known.";
  EXPECT_TRUE(matcher("Chopin", "Nocturne in E-flat, Op.9 No.2").is_about("Nocturnes, Op. 9 (Chopin)", set));
  EXPECT_FALSE(matcher("Chopin", "Nocturne in E-flat, Op.9 No.3").is_about("Nocturnes, Op. 9 (Chopin)", set));
  EXPECT_FALSE(matcher("Chopin", "Nocturne, Op. 27 No.2").is_about("Nocturnes, Op. 9 (Chopin)", set));
  EXPECT_TRUE(matcher("Chopin", "3 Nocturnes, Op.9").is_about("Nocturnes, Op. 9 (Chopin)", set)) << "a count is no name";
  EXPECT_TRUE(matcher("Tchaikovsky", "1812 Overture").is_about("1812 Overture", "An overture by Tchaikovsky."));
  EXPECT_FALSE(matcher("Tchaikovsky", "1812 Overture").is_about("Overture", "An overture by Tchaikovsky."));
  const char* other = "Gymnopédie No. 3 by Satie follows Gymnopédie No. 1.";
  EXPECT_FALSE(matcher("Satie", "Gymnopédie No. 1").is_about("Gymnopédie No. 3", other));
  EXPECT_FALSE(matcher("Satie", "Gymnopédie 1").is_about("Gymnopédie No. 3", other));
  EXPECT_TRUE(matcher("Bach", "Prelude and Fugue, BWV 846").is_about("Prelude in C", "A prelude and fugue (BWV 846) by Bach."));
}

TEST(PageMatcher, TheNumberWithinAnOpusIsOfAnotherKind) {
  const char* other = "The Piano Sonata No. 13, Op. 27, No. 1, by Beethoven was written beside No. 14 (Op. 27, No. 2).";
  for (const char* title : {"Sonata Op. 27 No. 2", "Sonata, Op. 27/2", "Sonata No. 14", "Sonata No. 14, Op. 27 No. 2"})
    EXPECT_FALSE(matcher("Beethoven", title).is_about("Piano Sonata No. 13 (Beethoven)", other)) << title;
  EXPECT_TRUE(matcher("Beethoven", "Sonata Op. 27 No. 1").is_about("Piano Sonata No. 13 (Beethoven)", other));
  EXPECT_FALSE(matcher("Chopin", "Nocturne, Op. 9 No. 2").is_about("Nocturne, Op. 9, No. 1", "By Chopin, beside Op. 9 No. 2."));
}

TEST(PageMatcher, ACatalogueNumberMakesUpForWords) {
  const char* text = "The Transcendental Études after Paganini, S. 140, are six studies by Franz Liszt.";
  EXPECT_TRUE(matcher("Liszt", "Études transcendantes d'après Paganini, S.140").is_about("Grandes études", text));
  EXPECT_FALSE(matcher("Liszt", "Études transcendantes d'après Paganini").is_about("Grandes études", text));
  EXPECT_FALSE(matcher("Liszt", "Hungarian Rhapsody, S.140").is_about("Grandes études", text));
}

TEST(PageMatcher, PagesAboutTheComposerAreNotAboutAWork) {
  const char* text = "Claude Debussy was a composer, best known for La mer and Clair de lune.";
  EXPECT_FALSE(matcher("Debussy, Claude", "La mer").is_about("Claude Debussy", text));
  EXPECT_FALSE(matcher("Debussy, Claude", "La mer").is_about("Debussy (composer)", text)) << "brackets are no name";
  EXPECT_FALSE(matcher("Debussy", "La mer").is_about("Claude Debussy", text)) << "of whom no more than the surname is known";
  EXPECT_FALSE(matcher("Debussy", "La mer").is_about("List of works by Claude Debussy", text));
  EXPECT_TRUE(matcher("Debussy", "La mer").is_about("La mer of Debussy", text));
  EXPECT_TRUE(matcher("Debussy, Claude", "Debussy").is_about("Debussy", "Debussy is a piece about himself by Debussy."));
}

TEST(PageMatcher, ListsOfPagesArePassedOver) {
  const PageMatcher work = matcher("Debussy", "Clair de lune");
  for (const char* verb : {"may refer to", "can also refer to", "might refer to"})
    EXPECT_FALSE(work.is_about("Clair de lune", std::string("Clair de lune ") + verb + ":\nthe third movement of Debussy's suite")) << verb;
  EXPECT_FALSE(work.is_about("Clair de lune (disambiguation)", "Clair de lune by Debussy"));
  EXPECT_TRUE(work.is_about("Clair de lune",
                            "Clair de lune, by Debussy. Its title may well refer to a poem.\n"
                            "It refers to moonlight."));
}

TEST(PageMatcher, ListsAndArticlesOnAKindOfMusicNameComposersFurtherDown) {
  const PageMatcher work = matcher("Chopin, Frédéric", "Berceuse");
  for (const char* text : {"Berceuse refers to:\n* Berceuse by Chopin\n* Berceuse by Fauré",
                           "Berceuse is the name of several works:\nBerceuse by Frédéric Chopin\nBerceuse by Gabriel Fauré",
                           "Berceuse steht für:\n* Berceuse (Chopin)\n* Berceuse (Fauré)",
                           "Cette page d’homonymie répertorie : Berceuse de Chopin, Berceuse de Fauré",
                           "Berceuse, the name of works by several composers, most often means: Chopin; Fauré; Brahms.",
                           "Berceuse:\nBerceuse by Chopin\nBerceuse by Fauré", "Berceuse\n* by Chopin\n* by Fauré",
                           "A berceuse (French: lullaby) is a composition usually in 6/8 time. Chopin, Fauré and Liszt wrote berceuses."})
    EXPECT_FALSE(work.is_about("Berceuse", text)) << text;
  for (const char* title : {"Berceuse (homonymie)", "Berceuse (Begriffsklärung)", "Berceuse (film)", "Berceuse (album)",
                            "List of berceuses", "Liste de berceuses", "Berceuse (Fauré)", "Berceuse (1964 film)"})
    EXPECT_FALSE(work.is_about(title, "Berceuse de Chopin")) << title;
  EXPECT_FALSE(work.is_about("Lullaby", "A lullaby is a cradle song, or berceuse. Chopin wrote one."));
  for (const char* kind : {"Waltz", "Nocturne", "Sonata"}) {
    const std::string text = fmt::format("A {} is a kind of music. Chopin wrote several.", kind);
    EXPECT_FALSE(matcher("Chopin", kind).is_about(kind, text)) << kind;
    EXPECT_FALSE(matcher("Chopin", fmt::format("{} No. 2", kind)).is_about(kind, text + " This is No. 2.")) << kind;
  }
  EXPECT_FALSE(matcher("", "Berceuse").is_about("Berceuse", "Berceuse means:\nBerceuse by Chopin"));
}

TEST(PageMatcher, ThePageOfTheWorkMaySayWhoWroteItInTheTitleOrTheFirstSentence) {
  const PageMatcher work = matcher("Chopin, Frédéric", "Berceuse");
  for (const char* text :
       {"Berceuse is a piece by Frédéric Chopin.", "The Berceuse (German: Wiegenlied), Op. 57, No. 1 of its kind, is by Chopin.",
        "Berceuse: cradle song by Chopin", "Title: Berceuse\nComposer: Chopin\nA piece.", "Berceuse\n\nChopin's cradle song."})
    EXPECT_TRUE(work.is_about("Berceuse", text)) << text;
  for (const char* title : {"Berceuse (Chopin)", "Berceuse (Frédéric Chopin)", "Berceuse, Op. 57 (Chopin, Op. 57)"})
    EXPECT_TRUE(work.is_about(title, "This Berceuse has variations. They are on four bars.")) << title;
  for (const char* title :
       {"Berceuse (D-flat major)", "Berceuse (Op. 57)", "Berceuse (solo piano)", "Berceuse (lullaby)", "Berceuse (1844)"})
    EXPECT_TRUE(work.is_about(title, "A berceuse by Chopin.")) << title;
  EXPECT_TRUE(matcher("Balakirev", "Islamey").is_about("Islamey", "Islamey: Oriental Fantasy, Op. 18, is by Mily Balakirev."));
  EXPECT_TRUE(
      matcher("Handy", "Saint Louis Blues").is_about("Saint Louis Blues", "The “St. Louis Blues” (Saint Louis) is by W. C. Handy."));
}

TEST(PageMatcher, WhereNobodyKnowsTheComposerTheTitleIsTheWorks) {
  for (const char* nobody : {"", "Traditional", "anonymous", "Trad."}) {
    const PageMatcher jig = matcher(nobody, "The Kesh Jig");
    EXPECT_TRUE(jig.is_about("Kesh Jig", "An Irish tune.")) << nobody;
    EXPECT_TRUE(jig.is_about("The Kesh Jig (tune)", "An Irish tune."));
    EXPECT_TRUE(jig.is_about("The Kesh Jig (folk music)", "An Irish tune."));
    EXPECT_FALSE(jig.is_about("The Kesh Jig (Planxty)", "A recording."));
    EXPECT_FALSE(jig.is_about("The Kesh Jig (album)", "A recording."));
    EXPECT_FALSE(jig.is_about("Jigs", "The Kesh Jig is a jig."));
    EXPECT_FALSE(jig.is_about("Kesh Jig No. 2", "An Irish tune."));
  }
}

TEST(PageMatcher, SearchesHaveFewerAndFewerWords) {
  EXPECT_THAT(matcher("Antonín Dvořák", "Slavonic Dance No.8 in G minor, Op. 46").searches(),
              ElementsAre("dvořák slavonic dance 8 46", "dvořák slavonic dance", "slavonic dance", "dvořák slavonic", "dvořák"));
  EXPECT_THAT(matcher("", "The Kesh Jig").searches(), ElementsAre("kesh jig", "kesh"));
  EXPECT_THAT(matcher("Bach", "BWV 846").searches(), ElementsAre("bach 846", "bach"));
  EXPECT_THAT(matcher("Riley", "In C").searches().front(), "riley in c") << "where there is nothing else";
  EXPECT_THAT(matcher("Bach", "").searches(), IsEmpty());
  EXPECT_THAT(matcher("", "♯").searches(), IsEmpty());
  EXPECT_THAT(matcher("X", "intitle:a OR -\"quoted\" word*").searches().front(), "x intitle or quoted word") << "no operators";
}

TEST(PageMatcher, TheNearestTitleComesFirst) {
  const PageMatcher work = matcher("Chopin", "Nocturne, Op. 9 No. 2");
  const std::vector<std::string> in_order = {"Nocturne, Op. 9, No. 2 (Chopin)", "Nocturnes, Op. 9 (Chopin)", "Nocturnes (Chopin)",
                                             "Night music and nocturnes", "Frédéric Chopin"};
  for (std::size_t i = 1; i < in_order.size(); ++i) EXPECT_LT(work.distance(in_order[i - 1]), work.distance(in_order[i])) << in_order[i];
}

}  // namespace
}  // namespace midillama::works
