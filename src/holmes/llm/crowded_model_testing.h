// A provider for tests that has room for some calls at once and refuses the others.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/wait.h"
#include "holmes/llm/model.h"

namespace holmes {

class CrowdedModel final : public Model {
 public:
  struct Asked {
    MonoTime at;
    std::string ns;
    std::string question;  // the first message
  };

  explicit CrowdedModel(Loop& loop) : loop_(loop) {}

  [[nodiscard]] const std::string& name() const override { return name_; }

  Task<ModelResult> complete(ModelRequest request, Stop stop) override {
    asked.push_back({loop_.mono_now(), request.caller.ns,
                     request.messages.empty() ? "" : request.messages.front().content});
    if (fails_next) {
      const ModelErrorKind kind = *std::exchange(fails_next, std::nullopt);
      co_return fail(ModelError(kind, "as told", retry_after));
    }
    if (busy >= room) {
      ++refused;
      co_return fail(ModelError(ModelErrorKind::kRateLimited, "full", retry_after));
    }
    ++busy;
    most_busy = std::max(most_busy, busy);
    const Status slept = co_await sleep_for(loop_, takes, stop);
    --busy;
    if (!slept) co_return fail(ModelError(slept.error()));
    ++answered;
    ModelReply reply = says(request);
    reply.usage = usage;
    co_return reply;
  }

  int64_t room = 1'000'000;
  std::chrono::milliseconds takes = std::chrono::seconds(1);
  std::optional<std::chrono::milliseconds> retry_after;  // of refusals
  std::optional<ModelErrorKind> fails_next;
  std::function<ModelReply(const ModelRequest&)> says = [](const ModelRequest&) {
    ModelReply reply;
    reply.content = "ok";
    return reply;
  };
  ModelUsage usage{.model_calls = 1};  // of each reply

  std::vector<Asked> asked;
  int64_t busy = 0;
  int64_t most_busy = 0;
  int64_t refused = 0;
  int64_t answered = 0;

 private:
  Loop& loop_;
  std::string name_ = "m";
};

}  // namespace holmes
