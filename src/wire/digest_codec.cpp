#include "wire/hub_messages.h"
#include "wire/json_reader.h"
#include "wire/stamp_codec.h"

namespace memsync::wire {

using base::Json;
using base::Result;

std::string encode(const WorkspaceDigest& digest) {
  return base::dump_json({{"epoch", number_text(digest.epoch.value)},
                          {"head", number_text(digest.head.value)},
                          {"items", number_text(digest.items)},
                          {"digest", digest.digest}});
}

Result<WorkspaceDigest> decode_workspace_digest(const Json& json) {
  ObjectReader reader(json, "digest");
  WorkspaceDigest digest;
  digest.epoch = model::Epoch{reader.u64("epoch")};
  digest.head = model::Sequence{reader.u64("head")};
  digest.items = reader.u64("items");
  digest.digest = reader.text("digest");
  TRY(reader.result());
  return digest;
}

} // namespace memsync::wire
