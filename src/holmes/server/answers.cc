#include "holmes/server/answers.h"

#include <utility>

#include "base/strings.h"

namespace holmes {

HttpResponse json_answer(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

HttpResponse json_answer(int status, const json::value& body) {
  return json_answer(status, to_text(body));
}

HttpResponse detail_answer(int status, std::string_view detail) {
  return json_answer(status, json::object{{"detail", to_valid_utf8(detail)}});
}

HttpResponse invalid_answer(const std::vector<FieldError>& errors) {
  return json_answer(422, json::object{{"detail", to_json(errors)}});
}

HttpResponse busy_answer(int status, std::string_view detail,
                         std::chrono::milliseconds retry_after) {
  HttpResponse response = detail_answer(status, detail);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(retry_after);
  response.headers.set("Retry-After", std::to_string(seconds.count()));
  return response;
}

}  // namespace holmes
