#include "tools/change_point.h"

#include "base/upper_bound.h"
#include "base/utf8.h"
#include "model/number.h"

namespace memsync::tools {

std::string name_change(const replica::WorkspaceRow& workspace, const model::WorkspaceId& current,
                        model::Sequence sequence) {
  if (workspace.id == current) return std::to_string(sequence.value);
  return fmt::format("{}@{}", sequence.value, workspace.id.view().substr(0, model::k_min_prefix));
}

base::Result<NamedChange> locate_change(agent::Session& session, replica::Reader& reader,
                                        std::string_view name) {
  const auto at = name.find('@');
  const auto sequence = model::parse_u64(name.substr(0, at));
  if (!sequence)
    return base::Error{
        base::ErrorCode::validation,
        fmt::format("change: \"{}\" is no change id; get_history shows them", base::make_visible(name))};
  std::optional<std::string> workspace;
  if (at != std::string_view::npos) workspace = name.substr(at + 1);
  TRY_ASSIGN(agent::Session::Chosen chosen, session.choose_workspace(reader, workspace));
  return NamedChange{std::move(chosen.workspace), model::Sequence{*sequence}};
}

base::Result<ChangePoint> parse_change_point(std::string_view argument, std::string_view text,
                                             base::Timestamp now, WholeDay day) {
  if (const auto sequence = model::parse_u64(text.substr(0, text.find('@'))))
    return ChangePoint{model::Sequence{*sequence}, std::nullopt};
  const auto time =
      day == WholeDay::its_end ? base::parse_upper_bound(text, now) : base::parse_time(text, now);
  if (time) return ChangePoint{std::nullopt, *time};
  return base::Error{
      base::ErrorCode::validation,
      fmt::format("{}: \"{}\" is neither a change id of get_history nor a time (2h, 2026-11-20)", argument,
                  base::make_visible(text))};
}

} // namespace memsync::tools
