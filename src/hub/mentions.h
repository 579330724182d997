#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/hub_messages.h"

namespace memsync::hub {

/// Somebody named in a text.
struct Mention {
  model::UserId user;
  std::string words; // the line around the name, at most about 200 bytes
};

/// Who of these people is named as `@name`, each once: by full name, first name, e-mail address or the part
/// of it before the @, whatever the case of ASCII letters; the longest name that fits counts, and of people
/// whom it fits equally all are named. An address within the text (ada@example.org) names nobody. Looks at
/// the first 1,000 `@`.
std::vector<Mention> find_mentions(std::string_view text, std::span<const wire::MemberInfo> people);

} // namespace memsync::hub
