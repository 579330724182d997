#include "agent/present.h"

namespace memsync::agent {

namespace {

constexpr std::size_t k_most = 50; // shown in one answer

} // namespace

std::vector<PresentView> list_present(Session& session, replica::Reader& reader,
                                      const replica::WorkspaceRow& workspace) {
  std::vector<PresentView> present;
  for (const model::PresentMember& each : session.sync().report().present) {
    if (each.presence.workspace != workspace.id || present.size() == k_most) continue;
    PresentView view;
    view.name = show(each.name);
    view.kind = model::name_of(each.presence.kind);
    view.state = model::name_of(each.presence.state);
    view.client = show(each.presence.client);
    // Only what this replica knows, too: a name that others claim is not shown unseen.
    if (const auto root = reader.find_node(workspace, each.presence.document))
      view.document = show(root->node.title.value);
    if (const auto node = reader.find_node(workspace, each.presence.node))
      view.node = show(node->node.title.value);
    view.seen = base::format_age(each.last_seen, session.now());
    present.push_back(std::move(view));
  }
  return present;
}

Json to_json(const PresentView& view) {
  Json json = {{"name", view.name}, {"kind", view.kind}, {"state", view.state}, {"seen", view.seen}};
  if (!view.client.empty()) json["client"] = view.client;
  if (!view.document.empty()) json["document"] = view.document;
  if (!view.node.empty()) json["node"] = view.node;
  return json;
}

Json to_json(const std::vector<PresentView>& present) {
  Json list = Json::array();
  for (const PresentView& each : present) list.push_back(to_json(each));
  return list;
}

std::string describe(const PresentView& view) {
  std::string text = fmt::format("{} ({}{}{}, {})", view.name, view.kind, view.client.empty() ? "" : ", ",
                                 view.client, view.state);
  if (!view.document.empty()) text += fmt::format(" in \"{}\"", view.document);
  return text;
}

} // namespace memsync::agent
