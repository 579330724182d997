#pragma once

#include <memory>

#include "replica/replica.h"
#include "tests/unit/hub/fixture.h"

namespace memsync::matrix {

/// A person's machine: a real store, synced with a real hub when it is told to.
class Machine {
 public:
  Machine(hub::HubFixture& hub, const std::string& owner);

  /// One call of the person's tools: `f(Editor&)` returns a Result<> that must be a success.
  template <class F>
  replica::WriteReceipt edit(model::Strategy strategy, F&& f) {
    replica::Editor::Context context;
    context.strategy = strategy;
    return hub::must(replica_->edit(hub_.team, std::move(context),
                                    [&](replica::Editor& editor) -> base::Result<replica::WriteReceipt> {
                                      TRY(f(editor));
                                      return editor.finish();
                                    }));
  }
  /// Sends what is in the outbox; what the hub answered stays unheard of until `pull`.
  void push();
  void pull();

  template <class F>
  auto read(F&& f) {
    using T = std::invoke_result_t<F, replica::Reader&, const replica::WorkspaceRow&>;
    return hub::must(replica_->read(
        [&](replica::Reader& reader) -> base::Result<T> { return f(reader, reader.workspace(hub_.team)); }));
  }
  replica::WorkspaceRow row();
  /// What is wrong with the store, or differs from the hub's state.
  std::vector<std::string> findings();

  hub::ManualClock clock;
  const std::string name;
  const hub::Person person;

 private:
  hub::HubFixture& hub_;
  base::SystemRandom random_;
  storage::TemporaryFolder folder_;
  std::unique_ptr<replica::Replica> replica_;
};

} // namespace memsync::matrix
