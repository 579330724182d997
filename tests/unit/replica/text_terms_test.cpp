#include "replica/text_terms.h"

#include <doctest/doctest.h>

#include "replica/identifiers.h"
#include "replica/similarity.h"
#include "replica/stemmer.h"
#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

namespace {

std::vector<std::string> folded(std::string_view text) {
  std::vector<std::string> words;
  WordScanner scanner(text);
  while (scanner.next()) words.push_back(scanner.folded);
  return words;
}

using Words = std::vector<std::string>;

constexpr std::string_view k_text =
    "caresses ponies ties caress cats feed agreed plastered motoring sing conflated troubling sized hopping "
    "tanned falling hissing fizzed failing filing happy sky relational conditional rational valenci "
    "hesitanci "
    "digitizer conformabli radicalli differentli vileli analogousli vietnamization predication operator "
    "feudalism decisiveness hopefulness callousness formaliti sensitiviti sensibiliti triplicate formative "
    "formalize electriciti electrical hopeful goodness revival allowance inference airliner gyroscopic "
    "adjustable defensible irritant replacement adjustment dependent adoption homologou communism activate "
    "angulariti homologous effective bowdlerize probate rate cease controll roll university universe yes "
    "yellow say boy eying dying lying skies flies dies generalizations oscillators apology a be saw 2nd e2e "
    "x86 running runner runs flexibility Überraschung naïve façade Ærøskøbing ΑΘΗΝΑ Москва Łódź ſtrange "
    "don't well-known snake_case C++ e-mail café's 日本語 ½ x² façade\u0301s";

} // namespace

TEST_CASE("words are split, folded and stemmed as the search index does it") {
  Store store;
  store.remember("x", k_text);
  std::set<std::string> indexed;
  store.sql("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, prose, row)");
  must(store.replica->database().read([&](storage::ReadTxn& txn) -> base::Result<> {
    storage::Statement row = txn.prepare("SELECT term FROM temp.vocabulary");
    while (row.step()) indexed.insert(std::string(row.column_text(0)));
    return {};
  }));
  indexed.erase("x"); // the title
  std::set<std::string> ours;
  for (const Word& word : split_words(k_text, 1'000)) ours.insert(word.stem);
  ours.erase("x");
  ours.insert({"日本語", "語"}); // the whole run, and its last character for questions of one
  Words only_indexed, only_ours;
  std::set_difference(indexed.begin(), indexed.end(), ours.begin(), ours.end(),
                      std::back_inserter(only_indexed));
  std::set_difference(ours.begin(), ours.end(), indexed.begin(), indexed.end(),
                      std::back_inserter(only_ours));
  CHECK(fmt::format("{}", fmt::join(only_indexed, " ")) == "");
  CHECK(fmt::format("{}", fmt::join(only_ours, " ")) == "");
}

TEST_CASE("a word knows where it stands in the text") {
  const std::string_view text = " Ärger, im Büro ";
  WordScanner scanner(text);
  REQUIRE(scanner.next());
  CHECK(scanner.folded == "arger");
  CHECK(text.substr(scanner.begin, scanner.end - scanner.begin) == "Ärger");
  REQUIRE(scanner.next());
  REQUIRE(scanner.next());
  CHECK(text.substr(scanner.begin, scanner.end - scanner.begin) == "Büro");
  CHECK(!scanner.next());
  CHECK(folded("").empty());
  CHECK(folded(" ...😀 -- ").empty());
}

TEST_CASE("stop words say nothing about the topic") {
  CHECK(is_stop_word("the"));
  CHECK(is_stop_word("when"));
  CHECK(!is_stop_word("redis"));
  CHECK(split_words("When did the server melt", 10).front().is_stop_word);
}

TEST_CASE("identifiers are what names something exactly") {
  CHECK(find_identifiers("see ./src/a_b/state.cpp:42, and (parseJson) or HTTP/2!", 10) ==
        Words{"src/a_b/state.cpp", "state.cpp", "parseJson", "HTTP/2"});
  CHECK(find_identifiers("port 8787, GPT-4 and v1.2; API #123 @ann $HOME x", 10) ==
        Words{"8787", "GPT-4", "v1.2", "API", "#123", "@ann", "$HOME"});
  CHECK(find_identifiers("A well-known day in May, at 5. I ran it - twice...", 10).empty());
  CHECK(find_identifiers("a1 b2 c3", 2) == Words{"a1", "b2"});
  CHECK(find_identifiers(std::string(500, 'A'), 10).empty());
}

TEST_CASE("texts share similarity hashes when they share most words") {
  CHECK(normalize_text(" A  b\nC ") == "a b c");
  CHECK(overlap({"a", "b"}, {"b", "c"}) == doctest::Approx(1.0 / 3));
  CHECK(overlap({}, {}) == 1.0);
  CHECK(similarity_hashes("x", "").size() == 1);
  CHECK(similarity_hashes("same words here today", "") == similarity_hashes("same words here today", ""));
}

TEST_CASE(
    "a run of a script without spaces has pairs of its characters as words, Latin letters stand apart") {
  CHECK(folded("東京のRedis接続 タイムアウト") ==
        Words{"東京", "京の", "redis", "接続", "タイ", "イム", "ムア", "アウ", "ウト"});
  CHECK(folded("京、東") == Words{"京", "東"});
  CHECK(folded("時々 ﾃｽﾄ") == Words{"時々", "ﾃｽ", "ｽﾄ"});
  CHECK(folded("서버가 죽었다") == Words{"서버", "버가", "죽었", "었다"});
  CHECK(folded("เชื่อม") == Words{"เชื่", "ชื่อ", "อม"}); // a consonant with its marks is one
  CHECK(folded("Zürich été") == Words{"zurich", "ete"});
  CHECK(folded("设置？好") == Words{"设置", "好"});
}

TEST_CASE("the index gets the words within runs, those that touch a run, and the last characters") {
  CHECK(words_within_runs("plain words, été").empty());
  CHECK(words_within_runs("東京のRedis接続 and Redis2 東京") == "redis の 京 京の 接続 東京 続");
  CHECK(is_one_character("京"));
  CHECK_FALSE(is_one_character("東京"));
  CHECK_FALSE(is_one_character("a"));
  CHECK_FALSE(is_one_character(""));
}
