// A request to the API and its answer, however they travel: in process or over HTTP.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"

namespace holmes::kube {

struct ApiRequest {
  std::string method = "GET";
  std::vector<std::string> segments;  // of the path, decoded
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;
  std::string content_type;
  std::string accept;
  std::string user_agent;

  // The first of that name; "" when absent.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  // Present, and neither "false" nor "0".
  [[nodiscard]] bool flag(std::string_view name) const;
};

// Decimal digits only; nullopt for anything else.
std::optional<int64_t> whole_number(std::string_view text);

struct ApiAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::string> warnings{};  // for Warning headers (RFC 7234, code 299)
  std::string body{};
  std::shared_ptr<HttpBody> stream{};  // when set, instead of the body
};

}  // namespace holmes::kube
