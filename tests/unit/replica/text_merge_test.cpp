#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using model::NodeId;

namespace {

/// A page of Bob's that Ann edits while Bob's next text has not arrived.
struct Page : TeamStore {
  NodeId node = bob_creates("page", "alpha\nbeta\n");

  WriteReceipt write(std::string text) {
    return edit([&](Editor& editor) {
      model::FieldChanges fields;
      fields.content = model::TextChange{std::move(text), {}};
      return editor.update(node, fields);
    });
  }
  void bob_writes(const std::string& text) {
    bob_changes(node, model::Field::content, [&](model::Node& changed) { changed.content.value = text; });
  }
  std::string content() { return Store::node(team(), node).node.content.value; }
};

} // namespace

TEST_CASE("unsent texts are merged with one that arrives, each on the text its author saw") {
  Page page;
  page.write("alpha\nbeta\none\n");
  page.write("alpha\nbeta\none\ntwo\n");
  page.bob_writes("ALPHA\nbeta\n");
  CHECK(page.content() == "ALPHA\nbeta\none\ntwo\n");
  CHECK(page.number("SELECT count(*) FROM conflict") == 0);
}

TEST_CASE("an unsent text keeps its base when the one before it is confirmed as merged") {
  Page page;
  const WriteReceipt first = page.write("alpha\nbeta\none\n");
  page.write("alpha\nbeta\none\ntwo\n");
  page.bob_writes("ALPHA\nbeta\n");

  model::Entry merged = page.entry(first.operations[0], first.outcomes[0]);
  merged.status = model::Status::merged;
  model::Node& node = merged.nodes.at(0).node;
  merged.lost = {{page.node, model::Field::content, R"("alpha\nbeta\none\n")", node.content.stamp}};
  node.content.value = "ALPHA\nbeta\none\n";
  page.apply({merged});
  CHECK(page.content() == "ALPHA\nbeta\none\ntwo\n");
  CHECK(page.number("SELECT count(*) FROM conflict") == 0);
}

TEST_CASE("a text that is written again is merged with what its author had not seen at first") {
  Page page;
  Editor::Context context;
  context.base = page.team().cursor.sequence;
  model::FieldChanges fields;
  fields.content = model::TextChange{"alpha\nbeta\nmine\n", base::Hash128::of("alpha\nbeta\n")};
  page.bob_writes("ALPHA\nbeta\n");
  page.edit([&](Editor& editor) { return editor.update(page.node, fields); }, context);
  CHECK(page.content() == "ALPHA\nbeta\nmine\n");
}
