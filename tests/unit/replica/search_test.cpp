#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;
using model::NodeId;

namespace {

base::Result<SearchAnswer> try_search(Store& store, SearchQuery query) {
  return store.replica->read([&](Reader& reader) { return reader.search(query); });
}

SearchAnswer search(Store& store, std::string_view text) {
  SearchQuery query;
  query.text = text;
  return must(try_search(store, query));
}

std::vector<std::string> titles(const SearchAnswer& answer) {
  std::vector<std::string> titles;
  for (const SearchHit& hit : answer.hits) titles.push_back(hit.row.node.title.value);
  return titles;
}

std::vector<std::string> found(Store& store, std::string_view text) { return titles(search(store, text)); }

using Titles = std::vector<std::string>;

// Operators, quotes, columns and prefixes of FTS5, SQL, and text without a word of any script.
constexpr const char* k_naughty[] = {"\"",
                                     "\"\"",
                                     "'",
                                     "hello\"",
                                     "\"hello",
                                     "*",
                                     "hello*",
                                     "^hello",
                                     "title:hello",
                                     "{title tags}: hello",
                                     "- hello",
                                     "NOT hello",
                                     "hello AND",
                                     "OR",
                                     "NEAR(hello left, 2)",
                                     "NEAR",
                                     "a + b",
                                     "((((",
                                     "))))",
                                     "\\",
                                     "%",
                                     "_",
                                     ";",
                                     "-- x",
                                     "hello; DROP TABLE node",
                                     "😀",
                                     "😀 hello 👩‍👩‍👧",
                                     "\t\n hello \r\n",
                                     "مرحبا",
                                     "你好 世界",
                                     "Привет",
                                     "\xE2\x80\x8B",
                                     "?1",
                                     ":x",
                                     "@x",
                                     "$x",
                                     "hello\x01world",
                                     "1e999",
                                     "col : ",
                                     "\xEF\xBB\xBFhello",
                                     "a\"b\"c",
                                     "hello^2",
                                     "{",
                                     "}",
                                     "[x]",
                                     "hello::left",
                                     "#",
                                     "@",
                                     "..",
                                     "/"};

} // namespace

TEST_CASE("a natural question finds the memory that has some of its words, the best first") {
  Store store;
  store.remember("Lunch", "we had noodles at the corner");
  store.remember("Deploys", "the pipeline deploys on Fridays and takes an hour");
  store.remember("Redis timeouts", "connections time out when the pool is exhausted; raise maxclients");
  const SearchAnswer answer = search(store, "why did the Redis connection pool run out last week?");
  REQUIRE(!answer.hits.empty());
  CHECK(answer.hits.front().row.node.title.value == "Redis timeouts");
  CHECK(answer.hits.front().score > 0);
  CHECK(answer.hits.front().document_title == "Redis timeouts");
  CHECK(answer.relaxed); // nothing mentions a week
  CHECK(!search(store, "redis connections").relaxed);
}

TEST_CASE("words are found in other forms, case and without diacritics") {
  Store store;
  store.remember("Café Zürich", "we solved the caching problems");
  for (const std::string_view text : {"solving", "CACHED", "cafe", "CAFÉ", "zurich", "problem"})
    CHECK_MESSAGE(found(store, text) == Titles{"Café Zürich"}, text);
}

TEST_CASE("title and tags weigh more than content, content more than what stands around") {
  Store store;
  const NodeId document = store.remember("garden");
  store.remember("one", "the walrus sleeps", {document, {}});
  model::FieldChanges tagged = titled("two", "nothing here");
  tagged.tags = model::SetChange{{"walrus"}, {}};
  store.create(store.local().id, tagged);
  store.remember("walrus", "nothing here");
  store.remember("after one", "nothing there", {document, {}}); // its neighbour mentions it
  store.remember("something else", "nothing");
  CHECK(found(store, "walrus") == Titles{"walrus", "two", "one", "after one"});
}

TEST_CASE("of two memories with the same words the one that has them side by side is better") {
  Store store;
  store.remember("a", "the limit of the rate of change is unknown to us all");
  store.remember("b", "change the rate limit of the unknown thing for us");
  CHECK(found(store, "rate limit").front() == "b");
  CHECK(found(store, "change of the rate").size() == 2);
}

TEST_CASE("siblings that answer together lift each other above an equal memory elsewhere") {
  Store store;
  const NodeId talk = store.remember("talk");
  store.remember("t1", "the server melted during the night", {talk, {}});
  const NodeId other = store.remember("other");
  for (int i = 0; i < 5; ++i) store.remember(fmt::format("o{}", i), "bees and honey", {other, {}});
  store.remember("lonely", "a server in the basement somewhere", {other, {}});
  store.remember("t2", "a server in the basement somewhere", {talk, {}});
  const Titles order = found(store, "which server melted");
  REQUIRE(order.size() >= 3);
  CHECK(order[0] == "t1");
  CHECK(order[1] == "t2");
}

TEST_CASE("identifiers, paths and acronyms are found as they are written") {
  Store store;
  store.remember("a", "see src/replica/state.cpp:42 for the overlay");
  store.remember("b", "the state of the replica source is fine in cpp");
  store.remember("c", "use parse_json_text, not the other");
  store.remember("d", "the JSON text is parsed");
  store.remember("e", "error E2BIG at 8787");
  CHECK(found(store, "src/replica/state.cpp").front() == "a");
  CHECK(found(store, "what about state.cpp?").front() == "a");
  CHECK(found(store, "parse_json_text").front() == "c");
  CHECK(found(store, "E2BIG") == Titles{"e"});
  CHECK(found(store, "port 8787").front() == "e");
}

TEST_CASE("any text is a question and never an error") {
  Store store;
  store.remember("quotes", "she said \"hello\" AND left NEAR the door");
  std::vector<std::string> naughty(std::begin(k_naughty), std::end(k_naughty));
  naughty.push_back(std::string(100, '(') + "hello" + std::string(100, ')'));
  naughty.push_back(std::string(100'000, 'a'));
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += fmt::format("word{} ", i);
  naughty.push_back(many);
  for (const std::string& text : naughty) {
    SearchQuery query;
    query.text = text;
    const auto answer = try_search(store, query);
    CHECK_MESSAGE(answer.has_value(), text.substr(0, 100));
  }
  CHECK(found(store, "NEAR(hello left, 2)") == Titles{"quotes"});
  CHECK(found(store, std::string(100, '(') + "hello") == Titles{"quotes"});
  CHECK(found(store, "title:zebra").empty());
}

TEST_CASE("text with NUL or broken UTF-8 is refused") {
  Store store;
  for (const std::string& text : {std::string("a\0b", 3), std::string("a\xFF"), std::string("\xC3")}) {
    SearchQuery query;
    query.text = text;
    CHECK(code_of(try_search(store, query)) == ErrorCode::validation);
  }
}

TEST_CASE("a question of stop words alone looks for them") {
  Store store;
  store.remember("who", "we are what we were");
  CHECK(found(store, "who are we") == Titles{"who"});
}

TEST_CASE("deleted nodes, and what is below them, are not found until they are restored") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId document = store.remember("walrus facts");
  store.remember("child", "the walrus sleeps", {document, {}});
  CHECK(found(store, "walrus").size() == 2);
  store.edit(local, [&](Editor& editor) { return editor.remove(document); });
  CHECK(found(store, "walrus").empty());
  store.edit(local, [&](Editor& editor) { return editor.restore(document); });
  CHECK(found(store, "walrus").size() == 2);
}

TEST_CASE("an edit changes what is found in the same transaction") {
  Store store;
  const NodeId id = store.remember("x", "walrus");
  store.edit(store.local().id, [&](Editor& editor) { return editor.update(id, titled("x", "penguin")); });
  CHECK(found(store, "walrus").empty());
  CHECK(found(store, "penguin").size() == 1);
  CHECK(store.findings().empty());
}

TEST_CASE("a superseded memory is out, unless what superseded it is hidden") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId old = store.remember("old", "walrus weighs a ton"),
               now = store.remember("new", "walrus weighs two");
  store.edit(local, [&](Editor& editor) { return editor.relate(now, old, "supersedes"); });
  CHECK(found(store, "walrus") == Titles{"new"});
  store.edit(local, [&](Editor& editor) { return editor.remove(now); });
  CHECK(found(store, "walrus") == Titles{"old"});
}

TEST_CASE("related memories follow the direct hits and say how they are related") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId problem = store.remember("Walrus panic"), fix = store.remember("Calm music");
  const NodeId cause = store.remember("Loud ships");
  store.edit(local, [&](Editor& editor) -> base::Result<> {
    TRY(editor.relate(fix, problem, "SOLVES"));
    TRY(editor.relate(problem, cause, "CAUSED_BY"));
    return {};
  });
  const SearchAnswer answer = search(store, "walrus");
  REQUIRE(answer.hits.size() == 3);
  CHECK(answer.hits[0].via.empty());
  const auto via = [&](std::string_view title) {
    for (const SearchHit& hit : answer.hits)
      if (hit.row.node.title.value == title) return hit.via;
    return std::string();
  };
  CHECK(via("Calm music") == "SOLVES Walrus panic");
  CHECK(via("Loud ships") == "Walrus panic CAUSED_BY this");
  CHECK(answer.hits[1].score < answer.hits[0].score);

  SearchQuery one;
  one.text = "walrus";
  one.limit = 1;
  CHECK(must(try_search(store, one)).hits.size() == 1);
}

TEST_CASE("filters narrow by type, tags, document, completion, person and time") {
  TeamStore store;
  const NodeId document = store.create(titled("animals"));
  const auto add = [&](std::string_view title, std::string_view type, std::vector<std::string> tags) {
    model::FieldChanges fields = titled(title, "walrus");
    fields.type = type;
    fields.tags = model::SetChange{std::move(tags), {}};
    return store.create(fields, {document, {}});
  };
  const NodeId a = add("a", "fix", {"sea", "big one"});
  const NodeId b = add("b", "problem", {"sea"});
  add("c", "decision", {});
  store.edit([&](Editor& editor) -> base::Result<> {
    TRY(editor.complete(a, true));
    TRY(editor.assign(b, store.ann));
    return editor.assign(a, store.bob);
  });
  store.clock.advance(std::chrono::hours(1));
  const base::Timestamp later = store.clock.now();
  store.bob_creates("d", "walrus");
  store.remember("local", "walrus");
  const auto titles_with = [&](auto set) {
    SearchQuery query;
    query.text = "walrus";
    set(query);
    Titles sorted = titles(must(try_search(store, query)));
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  };
  CHECK(titles_with([](auto&) {}) == Titles{"a", "b", "c", "d", "local"});
  CHECK(titles_with([](auto& q) { q.types = {"fix", "decision"}; }) == Titles{"a", "c"});
  CHECK(titles_with([](auto& q) { q.tags = {"sea"}; }) == Titles{"a", "b"});
  CHECK(titles_with([](auto& q) { q.tags = {"big one", "sea"}; }) == Titles{"a"});
  CHECK(titles_with([](auto& q) { q.tags = {"big"}; }).empty());
  CHECK(titles_with([&](auto& q) { q.document = document; }) == Titles{"a", "b", "c"});
  CHECK(titles_with([&](auto& q) { q.workspaces = {store.id}; }) == Titles{"a", "b", "c", "d"});
  CHECK(titles_with([](auto& q) { q.completed = true; }) == Titles{"a"});
  CHECK(titles_with([](auto& q) { q.completed = false; }) == Titles{"b", "c", "d", "local"});
  CHECK(titles_with([](auto& q) { q.author = "Bob"; }) == Titles{"d"});
  CHECK(titles_with([](auto& q) { q.assignee = "bob@example.com"; }) == Titles{"a"});
  CHECK(titles_with([](auto& q) { q.assignee = "me"; }) == Titles{"b"});
  CHECK(titles_with([&](auto& q) { q.since = later; }) == Titles{"d", "local"});
  CHECK(titles_with([&](auto& q) { q.until = later; }) == Titles{"a", "b", "c"});
  SearchQuery unknown;
  unknown.author = "Carol";
  CHECK(code_of(try_search(store, unknown)) == ErrorCode::not_found);
}

TEST_CASE("without text the newest that fit the filters are listed") {
  Store store;
  for (int i = 0; i < 5; ++i) store.remember(fmt::format("m{}", i));
  SearchQuery query;
  query.limit = 2;
  query.text = " \n";
  const SearchAnswer answer = must(try_search(store, query));
  CHECK(titles(answer) == Titles{"m4", "m3"});
  CHECK(answer.total == 5);
  CHECK(!answer.relaxed);
}

TEST_CASE("recency and importance only decide between equals") {
  Store store;
  model::FieldChanges important = titled("important", "walrus notes");
  important.importance = 1.0;
  store.create(store.local().id, important);
  store.remember("plain", "walrus notes");
  CHECK(found(store, "walrus").front() == "important");
  store.clock.advance(std::chrono::hours(24 * 365));
  store.remember("recent", "walrus notes");
  store.remember("better", "walrus notes about the walrus and its walrus friends");
  CHECK(found(store, "walrus").front() != "plain");
  model::FieldChanges trifle = titled("walrus", "all about it");
  trifle.importance = 0.0;
  store.create(store.local().id, trifle);
  store.clock.advance(std::chrono::hours(24 * 365));
  important.title = "new and important";
  store.create(store.local().id, important);
  CHECK(found(store, "walrus").front() == "walrus");
}

TEST_CASE("a snippet shows the part of the content that matches, on one line and visibly") {
  Store store;
  std::string content;
  for (int i = 0; i < 200; ++i) content += fmt::format("filler{}\n", i);
  content += "the walrus\nsleeps\x01 on the ice\n";
  for (int i = 0; i < 200; ++i) content += fmt::format("more{}\n", i);
  store.remember("long", content);
  const std::string snippet = search(store, "walrus ice").hits.front().snippet;
  CHECK(snippet.find("the walrus sleeps") != std::string::npos);
  CHECK(snippet.find("on the ice") != std::string::npos);
  CHECK(snippet.find('\n') == std::string::npos);
  CHECK(snippet.find('\x01') == std::string::npos);
  CHECK(snippet.starts_with("..."));
  CHECK(snippet.ends_with("..."));
  CHECK(snippet.size() < 300);
  store.remember("short walrus", "nothing to cut");
  CHECK(found(store, "short").front() == "short walrus");
  CHECK(search(store, "short").hits.front().snippet == "nothing to cut");
}

TEST_CASE("the limit holds and the total tells what was left out") {
  Store store;
  for (int i = 0; i < 30; ++i) store.remember(fmt::format("walrus {}", i));
  SearchQuery query;
  query.text = "walrus";
  query.limit = 7;
  const SearchAnswer answer = must(try_search(store, query));
  CHECK(answer.hits.size() == 7);
  CHECK(answer.total == 30);
  query.limit = 0;
  CHECK(must(try_search(store, query)).hits.empty());
}

TEST_CASE("superseded and deleted memories take no place from what is found and are not counted") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  NodeId last = store.remember("redis timeout", "redis timeout");
  for (int i = 2; i <= 5; ++i) {
    // Each says more around it than the one before, which therefore is the better text.
    const std::string more(static_cast<std::size_t>(i) * 40, 'w');
    const NodeId next = store.remember(fmt::format("version {}", i), fmt::format("{} redis timeout", more));
    store.edit(local, [&](Editor& editor) { return editor.relate(next, last, "SUPERSEDES"); });
    last = next;
  }
  const NodeId gone = store.remember("gone");
  store.remember("redis timeout", "redis timeout", {gone, {}});
  store.edit(local, [&](Editor& editor) { return editor.remove(gone); });
  SearchQuery query;
  query.text = "redis timeout";
  query.limit = 1;
  const SearchAnswer first = must(try_search(store, query));
  CHECK(titles(first) == Titles{"version 5"});
  CHECK(first.total == 1);

  store.remember("another matter", "a timeout of redis");
  for (const std::size_t limit : {2u, 3u, 20u}) {
    query.limit = limit;
    const SearchAnswer answer = must(try_search(store, query));
    CHECK_MESSAGE(answer.hits.size() == 2, limit);
    CHECK_MESSAGE(answer.total == 2, limit);
  }
  query.text = "";
  query.limit = 1;
  CHECK(must(try_search(store, query)).total == 2);
}

TEST_CASE("the newest are counted only when they have the tags asked for") {
  Store store;
  for (int i = 0; i < 10; ++i) {
    model::FieldChanges fields = titled(fmt::format("memory {}", i));
    fields.tags = model::SetChange{{fmt::format("t{}", i)}, {}};
    store.create(store.local().id, fields);
  }
  SearchQuery query;
  query.tags = {"t3"};
  query.limit = 1;
  const SearchAnswer answer = must(try_search(store, query));
  CHECK(titles(answer) == Titles{"memory 3"});
  CHECK(answer.total == 1);
}

TEST_CASE("parts of a run without spaces are found, also single characters and what it touches") {
  Store store;
  store.remember("東京のRedis接続", "タイムアウト設定を変える");
  store.remember("别的事", "数据库连接超时");
  store.remember("ตั้งค่า", "การเชื่อมต่อหมดเวลา");
  store.remember("서버가 죽었다", "메모리 부족");
  store.remember("Other", "nothing of this");
  for (const std::string_view text : {"東京", "接続", "タイムアウト", "設定", "redis", "京", "続"})
    CHECK_MESSAGE(found(store, text) == Titles{"東京のRedis接続"}, text);
  for (const std::string_view text : {"连接", "数据库", "超时", "时"})
    CHECK_MESSAGE(found(store, text) == Titles{"别的事"}, text);
  CHECK(found(store, "เชื่อมต่อ") == Titles{"ตั้งค่า"});
  CHECK(found(store, "서버") == Titles{"서버가 죽었다"});
  CHECK(found(store, "大阪").empty());
  CHECK(store.findings().empty());
}

TEST_CASE("a store of an older version finds parts of its runs once they are indexed again") {
  Store store;
  store.remember("東京のRedis接続");
  store.remember("Walrus", "stays as it is");
  const std::int64_t hashes = store.number("SELECT count(*) FROM similarity");
  store.sql("UPDATE prose SET context = ''");
  store.sql("PRAGMA user_version = 10");
  CHECK(found(store, "接続").empty());
  store.replica = store.open();
  CHECK(search(store, "walrus").not_indexed == 1);
  CHECK(found(store, "walrus") == Titles{"Walrus"});
  while (must(store.replica->index_some())) {
  }
  CHECK(found(store, "接続") == Titles{"東京のRedis接続"});
  CHECK(store.number("SELECT count(*) FROM similarity") == hashes);
  CHECK(store.findings().empty());
}
