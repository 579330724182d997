// Whatever a person or an agent types as a question, against a real replica.

#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/utf8.h"
#include "replica/replica.h"
#include "tests/fuzz/fuzz_target.h"

using namespace memsync;
using fuzz::require;

namespace {

/// A replica with a few memories in a folder of its own, which goes with the process.
class Memories {
 public:
  Memories()
      : folder_(std::filesystem::temp_directory_path() / ("memsync-fuzz-" + std::to_string(::getpid()))) {
    base::start_log("off");
    std::filesystem::create_directory(folder_);
    auto opened = replica::Replica::open({.folder = folder_.string(), .vfs = {}}, clock_, random_);
    require(opened.has_value(), "the replica opens");
    replica_ = *std::move(opened);
    fill();
  }
  ~Memories() {
    replica_.reset();
    std::filesystem::remove_all(folder_);
  }
  Memories(const Memories&) = delete;
  Memories& operator=(const Memories&) = delete;

  base::Result<replica::SearchAnswer> search(std::string text) {
    replica::SearchQuery query;
    query.text = std::move(text);
    return replica_->read([&](replica::Reader& reader) { return reader.search(query); });
  }

 private:
  void fill() {
    const auto workspace = replica_->read([](replica::Reader& reader) -> base::Result<model::WorkspaceId> {
      return reader.workspaces().front().id;
    });
    require(workspace.has_value(), "there is a workspace");
    const auto written = replica_->edit(*workspace, {}, [&](replica::Editor& editor) -> base::Result<> {
      TRY_ASSIGN(const auto document, editor.ensure_document("Notes"));
      for (const char* title :
           {"Deploy with std::string_view --force", "C++20 ranges (views)", "naïve Straße",
            "error E0382: borrow of moved value", "src/net/server.cpp:120", "日本語のメモ"}) {
        model::FieldChanges fields;
        fields.title = title;
        fields.content = {
            {.text = std::string("About ") + title + " and AND OR NOT NEAR \"quotes\" * ^ {a b} : -x",
             .base_text_hash = {}}};
        TRY_ASSIGN(const auto id, editor.create(fields, {document, std::nullopt}));
        require(!id.is_empty(), "a memory was made");
      }
      return {};
    });
    require(written.has_value(), "the memories are written");
  }

  const std::filesystem::path folder_;
  base::SystemClock clock_;
  base::SeededRandom random_{1};
  std::unique_ptr<replica::Replica> replica_;
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Memories memories;
  const std::string text(fuzz::text_of(data, size));
  const auto answer = memories.search(text);
  if (!answer) {
    require(answer.error().code == base::ErrorCode::validation, "only unreadable text is refused");
    require(!base::is_valid_utf8(text) || text.find('\0') != std::string::npos,
            "any readable text is a question");
    return 0;
  }
  for (const auto& hit : answer->hits) {
    require(base::is_valid_utf8(hit.snippet), "a snippet is whole UTF-8");
  }
  return 0;
}
