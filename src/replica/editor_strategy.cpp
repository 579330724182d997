#include "replica/editor.h"
#include "replica/overlay.h"
#include "wire/operation_codec.h"

namespace memsync::replica {

base::Result<std::size_t> Editor::apply_strategy(const std::optional<model::DocumentId>& document,
                                                 model::Strategy strategy) {
  std::size_t fixed = 0;
  std::vector<model::Operation> changed;
  {
    storage::Statement row = txn_.prepare(
        "SELECT operation FROM outbox WHERE workspace = ?1 AND (?2 IS NULL OR document = ?2 OR "
        "other_document = ?2)");
    row.bind_all(workspace_.key.value, document);
    while (row.step()) {
      model::Operation operation = load_operation(row.column_text(0));
      if (operation.strategy == strategy) continue;
      if (operation.n <= workspace_.sent_n) {
        ++fixed;
        continue;
      }
      operation.strategy = strategy;
      wire::seal(operation);
      changed.push_back(std::move(operation));
    }
  }
  for (const model::Operation& operation : changed)
    write_.run("UPDATE outbox SET hash = ?3, operation = ?4 WHERE workspace = ?1 AND n = ?2",
               workspace_.key.value, operation.n, operation.hash, wire::encode_operation(operation));
  return fixed;
}

} // namespace memsync::replica
