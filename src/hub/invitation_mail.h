#pragma once

#include "hub/mail.h"
#include "hub/records.h"

namespace memsync::hub {

/// What somebody reads who was invited. `inviter` is empty for the operator of the hub. Names are shown with
/// what could deceive made visible.
Mail invitation_mail(const Invitation& invitation, const std::string& inviter, const std::string& workspace,
                     const std::string& link);

} // namespace memsync::hub
