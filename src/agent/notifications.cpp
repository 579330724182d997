#include "agent/notifications.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/utf8.h"

namespace memsync::agent {

using model::Notification;
using model::NotificationKind;

namespace {

constexpr std::size_t k_line_value_bytes = 120; // of each of two values in one line

std::string actor_of(const Notification& notification, const model::UserId& self) {
  if (notification.actor.is_empty()) return "The operator of the hub";
  if (notification.actor == self) return "You, from another machine,";
  return notification.actor_name.empty() ? std::string(notification.actor.view().substr(0, 10))
                                         : notification.actor_name;
}

std::string quoted(const std::string& register_text) {
  const std::string shown = show_value(register_text, k_line_value_bytes);
  return shown.empty() ? "nothing" : fmt::format("\"{}\"", shown);
}

std::string both_values(const Notification& notification) {
  if (notification.field == model::Field::place) return {}; // keys of an order say nothing to people
  return fmt::format(": yours {}, now {}", quoted(notification.yours), quoted(notification.now));
}

} // namespace

std::string show_value(const std::string& register_text, std::size_t max_bytes) {
  if (register_text.empty()) return {};
  const auto json = base::parse_json(register_text);
  const bool is_text = json && json->is_string();
  const std::string text = is_text ? json->get<std::string>() : register_text;
  const std::string_view cut = base::truncate_utf8(text, max_bytes);
  return show(cut.size() < text.size() ? fmt::format("{}...", cut) : text);
}

std::string describe(const Notification& notification, const model::UserId& self) {
  const std::string who = actor_of(notification, self);
  const std::string_view field = notification.field ? model::name_of(*notification.field) : "";
  const std::string title = fmt::format("\"{}\"", notification.title);
  std::string text;
  switch (notification.kind) {
    case NotificationKind::assigned: text = fmt::format("{} assigned {} to you", who, title); break;
    case NotificationKind::completed: text = fmt::format("{} completed {}", who, title); break;
    case NotificationKind::mentioned:
      text = fmt::format("{} mentioned you in {}: {}", who, title, notification.text);
      break;
    case NotificationKind::overwritten:
      text = fmt::format("{} overwrote your {} of {}{}", who, field, title, both_values(notification));
      break;
    case NotificationKind::merged:
      text = fmt::format("Your {} of {} was merged with that of {}{}", field, title,
                         notification.actor == self ? "yours from another machine" : who,
                         both_values(notification));
      break;
    case NotificationKind::conflict:
      text = fmt::format("A conflict in {} of {} waits for a decision{} [{}]", field, title,
                         both_values(notification), notification.conflict.view().substr(0, 10));
      break;
    case NotificationKind::member_joined:
      text = fmt::format("{} joined as {}", who, notification.text);
      break;
    case NotificationKind::role_changed:
      text = fmt::format("{} made you {} of the workspace", who, notification.text);
      break;
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return show(text);
}

} // namespace memsync::agent
