#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct SyncOptions {
  std::string workspace; // empty: all
  std::chrono::seconds wait{30};
};
/// `memsync sync`: pulls and pushes now and waits for it. Fails with `offline` when the hub cannot be
/// reached, or not everything is done by then; without a message while something that it refused is kept
/// here.
Result<> run_sync(const Context& context, const SyncOptions& options);

struct SaveOptions {
  std::string document;
  std::chrono::seconds wait{30};
};
/// `memsync save DOCUMENT`: waits until the hub has every change of it. Fails with `offline` when it has not
/// by then; the changes stay saved on this machine. Also, and then it has said so, while a change of the
/// document that the hub refused is kept here.
Result<> run_save(const Context& context, const SaveOptions& options);

} // namespace memsync::cli
