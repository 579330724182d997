#include "storage/row_hash.h"

#include <cstdint>
#include <string>

namespace memsync::storage {

base::Hash128 row_hash(std::initializer_list<std::string_view> parts) {
  thread_local std::string buffer; // keeps its memory: this runs for every row read
  buffer.clear();
  for (const std::string_view part : parts) {
    std::uint64_t size = part.size();
    char prefix[8]; // little-endian, so that a database moves between machines
    for (char& byte : prefix) {
      byte = static_cast<char>(size & 0xffu);
      size >>= 8;
    }
    buffer.append(prefix, sizeof prefix).append(part);
  }
  const base::Hash128 hash = base::Hash128::of(buffer);
  constexpr std::size_t k_kept_bytes = std::size_t{1} << 20;
  if (buffer.capacity() > k_kept_bytes) std::string().swap(buffer);
  return hash;
}

} // namespace memsync::storage
