#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "hub/hub.h"

/// The bodies of the account routes that only this side writes (schemas/openapi.json); what replicas read,
/// too, is in wire. A shape made here is never parsed here.
namespace memsync::net::server {

base::Json to_json(const hub::Token& token);
base::Json to_json(const hub::Session& session);
base::Json to_json(const hub::Invitation& invitation, base::Timestamp now);
base::Json to_json(const hub::InvitationInfo& info);
base::Json to_json(const hub::Activity& row);
base::Json to_json(const hub::Change& change);
base::Json to_json(const hub::NodeDiff& diff);
base::Json to_json(const hub::Blame& blame);
base::Json to_json(const hub::AuditEvent& event);

/// {name: [rows...]}
template <class Row, class... More>
std::string list_json(std::string_view name, const std::vector<Row>& rows, const More&... more) {
  base::Json list = base::Json::array();
  for (const Row& row : rows) list.push_back(to_json(row, more...));
  return base::dump_json({{std::string(name), std::move(list)}});
}

/// {name: [rows...], "next_cursor"?}, each row through `encode`.
template <class Row, class Encode>
std::string page_json(std::string_view name, const hub::Page<Row>& page, Encode&& encode) {
  base::Json list = base::Json::array();
  for (const Row& row : page.rows) list.push_back(encode(row));
  base::Json json = {{std::string(name), std::move(list)}};
  if (!page.next_cursor.empty()) json["next_cursor"] = page.next_cursor;
  return base::dump_json(json);
}

/// The same for rows that have a to_json here.
template <class Row>
std::string page_json(std::string_view name, const hub::Page<Row>& page) {
  return page_json(name, page, [](const Row& row) { return to_json(row); });
}

} // namespace memsync::net::server
