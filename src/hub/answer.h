#pragma once

#include <fmt/format.h>

#include "base/result.h"
#include "wire/hub_messages.h"

namespace memsync::hub {

/// What a service answers: a value, or the problem as the caller will read it. A Problem is an Error
/// with what sync needs to recover (the epoch, the accepted operations, the proof of a removal).
template <class T = void>
class Answer : public base::Expected<T, wire::Problem> {
 public:
  using base::Expected<T, wire::Problem>::Expected;
  Answer() = default;
  Answer(base::Error error) : Answer(to_problem(std::move(error))) {}

 private:
  static wire::Problem to_problem(base::Error error) {
    wire::Problem problem;
    problem.code = error.code;
    problem.detail = std::move(error.message);
    return problem;
  }
};

template <>
class Answer<void> : public base::Expected<void, wire::Problem> {
 public:
  using base::Expected<void, wire::Problem>::Expected;
  Answer() = default;
  Answer(base::Error error) {
    wire::Problem problem;
    problem.code = error.code;
    problem.detail = std::move(error.message);
    static_cast<base::Expected<void, wire::Problem>&>(*this) = std::move(problem);
  }
};

/// The failure `code` with one sentence that says what to do next.
inline base::Error refuse(base::ErrorCode code, std::string message) { return {code, std::move(message)}; }
inline base::Error no_such(std::string_view what) {
  return refuse(base::ErrorCode::not_found, fmt::format("no such {} in this workspace", what));
}
inline base::Error bad_cursor() {
  return refuse(base::ErrorCode::validation, "the cursor is not one of this list: start without one");
}

} // namespace memsync::hub
