#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mcp/stdio.h"

namespace memsync::mcp {

/// A line of the protocol as it may be shown to somebody who helps to find a fault: members called like
/// secrets (token, password, authorization, ...), texts shaped like tokens and keys (mst_..., Bearer ...,
/// sk-..., ghp_..., private keys, passwords inside URLs) and every text of `secrets` are replaced by
/// "[redacted]". A line without any is returned as it is; what is no JSON as a JSON text. What nobody can
/// tell from other text stays.
std::string redact_line(std::string_view line, const std::vector<std::string>& secrets);

/// A file that every line of both directions is appended to, one line each:
///   2026-11-20T12:00:00Z --> {"jsonrpc": ...}     received
///   2026-11-20T12:00:00Z <-- {"jsonrpc": ...}     sent
/// Only its owner can read it (0600). Thread-safe; several processes may write to one file.
class TraceFile {
 public:
  /// Opens or creates it. `internal` with the reason when that fails.
  static base::Result<std::unique_ptr<TraceFile>> open(const std::string& path, base::Clock& clock,
                                                       std::vector<std::string> secrets);

  /// A line that cannot be written is lost, and the first such loss logged.
  void write(Direction direction, std::string_view line);

 private:
  TraceFile(FileDescriptor file, base::Clock& clock, std::vector<std::string> secrets)
      : file_(std::move(file)), clock_(clock), secrets_(std::move(secrets)) {}

  const FileDescriptor file_;
  base::Clock& clock_;
  const std::vector<std::string> secrets_;
  std::mutex mutex_;
  bool has_failed_ = false; // guarded by mutex_
};

} // namespace memsync::mcp
