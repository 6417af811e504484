// What happened in one run, to be read by people and to be run again without a provider (replay.h).
// Everything in it is redacted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/check.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "holmes/llm/model.h"
#include "holmes/tools/tool.h"

namespace holmes {

struct Recording {
  struct ModelTurn {
    std::vector<Message> messages;  // what is new since the turn before
    ModelResult reply = ModelReply();
  };
  struct Call {
    std::string tool;
    std::string arguments;  // JSON text
    ToolResult result;
  };

  std::string name;  // of the check
  std::string query;
  std::string model;
  WallTime started;
  std::vector<ToolSpec> tools;
  std::vector<ModelTurn> turns;
  std::vector<Call> calls;  // in the order of their answers
  CheckResponse response;

  void add(const ModelRequest& request, const ModelResult& reply);
  void add(std::string_view tool, std::string_view arguments, const ToolResult& result);

 private:
  std::string system_;  // of the conversation that is under way
  size_t told_ = 0;     // of its messages
};

json::object to_json(const Recording& recording);
// Fails with kInvalid and what is wrong.
Result<Recording> parse_recording(std::string_view text);

}  // namespace holmes
