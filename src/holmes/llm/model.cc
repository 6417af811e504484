#include "holmes/llm/model.h"

namespace holmes {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
    case Role::kTool:
      break;
  }
  return "tool";
}

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kToolCalls:
      return "tool calls";
    case FinishReason::kLength:
      return "length limit";
    case FinishReason::kContentFilter:
      return "content filter";
    case FinishReason::kOther:
      break;
  }
  return "unknown";
}

}  // namespace holmes
