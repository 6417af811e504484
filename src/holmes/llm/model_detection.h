// Which model a user has, without being asked: from the environment, else a server on this machine.
//
// The choice, in this order: what MODEL and the settings of its provider say; a local Ollama; a
// local llama.cpp server; the demo model, where that is allowed; none.
// Sources: Ollama's API (GET /api/tags), llama.cpp's server (GET /health, GET /v1/models).
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "holmes/llm/model_table.h"
#include "net/http.h"

namespace holmes {

// Loopback addresses: nothing else is ever asked.
inline constexpr std::string_view kOllamaAddress = "http://127.0.0.1:11434";
inline constexpr std::string_view kLlamaCppAddress = "http://127.0.0.1:8080";
inline constexpr std::string_view kOllama = "Ollama";
inline constexpr std::string_view kLlamaCpp = "llama.cpp";
inline constexpr std::chrono::milliseconds kProbeTime{300};  // of all probes together

struct LocalModelServer {
  std::string_view name;  // kOllama, kLlamaCpp
  std::string_view address;
  std::vector<std::string> models{};  // as it names them, at most 100; empty: it has none (yet)

  bool operator==(const LocalModelServer&) const = default;
};

struct DetectedModel {
  ModelOptions options;
  // For people, without a final full stop: "using llama3.2:3b of Ollama at ...".
  std::string sentence;
  // What else was found, and why it is not used: one line each.
  std::vector<std::string> notes{};
};

// Whether the environment names a model and what its provider needs: then nobody need be asked.
bool names_model(const std::map<std::string, std::string>& environment);

// Asks both at once, for at most kProbeTime. Whoever does not answer, or not as these servers do,
// is left out. The client does not follow redirects.
Task<std::vector<LocalModelServer>> find_local_models(Loop& loop, HttpClient& http, Stop stop);

// `environment` holds variables by name; values are never part of what people are told, but MODEL
// and addresses. With `demo` the demo model is offered too, and used when there is no other.
// Pure.
DetectedModel choose_model(const std::map<std::string, std::string>& environment,
                           const std::vector<LocalModelServer>& local, bool demo);

}  // namespace holmes
