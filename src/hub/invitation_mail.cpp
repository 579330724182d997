#include "hub/invitation_mail.h"

#include "base/utf8.h"

namespace memsync::hub {

Mail invitation_mail(const Invitation& invitation, const std::string& inviter, const std::string& workspace,
                     const std::string& link) {
  const std::string who = inviter.empty() ? "The operator of the hub" : base::make_visible(inviter);
  const std::string where = base::make_visible(workspace);
  return {invitation.email, fmt::format("{} invites you to \"{}\" on memsync", who, where),
          fmt::format("{} invites you to share the memory of the team \"{}\" as {}.\n\n"
                      "Open this link to see how to accept:\n\n    {}\n\n"
                      "It works once, for {}, until {}.\n"
                      "If you do not know what this is, delete this mail: nothing happens.\n",
                      who, where, model::name_of(invitation.role), link, invitation.email,
                      base::format_rfc3339(invitation.expires_at))};
}

} // namespace memsync::hub
