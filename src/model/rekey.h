#pragma once

#include <string>
#include <vector>

#include "model/ids.h"
#include "model/sibling_key.h"

namespace memsync::model {

/// A node among its siblings, which order by (key, id).
struct Sibling {
  std::string key;
  NodeId id;
  auto operator<=>(const Sibling&) const = default;
};

/// A key longer than this has its siblings keyed anew. Inserting at one spot again and again makes keys that
/// grow by a digit in five or so insertions, each of which is sent and stored whole.
inline constexpr std::size_t k_longest_sibling_key = 48;

/// Short keys, in the same order, for the run of long keys around `siblings[at]`, between its neighbours with
/// short ones: the siblings whose key changes; none where that would not make keys much shorter. `siblings`
/// ascend. At most 1,000 change, since all of them are one entry of the log.
std::vector<Sibling> shorten_keys(const std::vector<Sibling>& siblings, std::size_t at, base::Random& random);

} // namespace memsync::model
