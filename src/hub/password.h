#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace memsync::hub {

/// argon2id with the parameters for interactive sign-in (64 MiB, some 60 ms): to be called from pool
/// threads. Fails with `validation` outside 10 to 1,024 bytes, `busy` when there is no memory.
base::Result<std::string> hash_password(std::string_view password);

bool is_password(std::string_view password, const std::string& hash);

} // namespace memsync::hub
