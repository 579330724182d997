#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/stamp_codec.h"

namespace memsync::wire {

/// Writes one JSON object member by member, in the order of the calls; the closing brace comes with the
/// end of its scope. For texts that are written for every operation, which need no tree of values in
/// between.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectWriter() { out_ += '}'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  /// The name of the next member; its value is to be appended to what this returns.
  std::string& name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view member, std::string_view value) {
    base::append_json_string(name(member), value);
  }
  /// Left out when it is empty.
  void optional_text(std::string_view member, std::string_view value) {
    if (!value.empty()) text(member, value);
  }
  /// 64-bit numbers travel as decimal strings.
  void u64(std::string_view member, std::uint64_t value) { append_quoted_number(name(member), value); }

 private:
  std::string& out_;
};

} // namespace memsync::wire
