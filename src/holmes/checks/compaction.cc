#include "holmes/checks/compaction.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/strings.h"
#include "holmes/checks/model_calls.h"

namespace holmes {
namespace {

constexpr size_t kShortBytes = 400;
constexpr std::string_view kDropped =
    "[this answer was dropped to make room; call again if needed]";

// The answers behind the model's last message are its newest.
size_t end_of_old(const std::vector<Message>& messages) {
  size_t end = messages.size();
  while (end > 0 && messages[end - 1].role != Role::kAssistant) --end;
  return end;
}

std::string shortened(const std::string& text) {
  if (text.size() <= kShortBytes + kDropped.size()) return text;
  return fmt::format("{}\n[the rest of {} bytes was dropped to make room; call again if needed]",
                     cut(text, kShortBytes), text.size());
}

std::string dropped(const std::string& text) {
  return text.size() <= kDropped.size() ? text : std::string(kDropped);
}

}  // namespace

bool compact(ModelRequest& request, int64_t tokens_max) {
  int64_t tokens = estimate_tokens(request);
  std::vector<Message>& messages = request.messages.change();
  const size_t end = end_of_old(messages);
  bool changed = false;
  for (const auto& smaller : {shortened, dropped}) {
    for (size_t i = 0; i < end && tokens > tokens_max; ++i) {
      Message& message = messages[i];
      if (message.role != Role::kTool) continue;
      std::string text = smaller(message.content);
      if (text.size() >= message.content.size()) continue;
      tokens -= static_cast<int64_t>(message.content.size() - text.size()) / kBytesPerToken;
      message.content = std::move(text);
      changed = true;
    }
  }
  return changed;
}

}  // namespace holmes
