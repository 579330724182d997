#pragma once

#include <string>

#include "agent/display.h"
#include "model/notification.h"

namespace memsync::agent {

/// `Ben overwrote your title of "Plan": yours "A", now "B"`: one line of shown text, values shortened.
/// `self` is whose notification it is.
std::string describe(const model::Notification& notification, const model::UserId& self);

/// A value of the notification as it is shown, cut to about `max_bytes`; empty when there is none.
std::string show_value(const std::string& register_text, std::size_t max_bytes);

} // namespace memsync::agent
