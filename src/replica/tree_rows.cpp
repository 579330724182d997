#include "replica/tree_rows.h"

namespace memsync::replica {

void set_documents(storage::WriteTxn& txn, Space space) {
  txn.run(
      "WITH RECURSIVE tree (id, document) AS (SELECT id, id FROM node WHERE space = ?1 AND parent = '' "
      "UNION ALL SELECT node.id, tree.document FROM tree JOIN node ON node.space = ?1 AND node.parent = "
      "tree.id) "
      "UPDATE node SET document = tree.document FROM tree WHERE node.space = ?1 AND node.id = tree.id "
      "AND node.document <> tree.document",
      space.value);
}

void count_documents(storage::WriteTxn& txn, Space space) {
  txn.run("DELETE FROM document_size WHERE space = ?1", space.value);
  txn.run(
      "INSERT INTO document_size (space, document, nodes) SELECT space, document, count(*) FROM node WHERE "
      "space = ?1 AND deleted = 0 GROUP BY document",
      space.value);
}

} // namespace memsync::replica
