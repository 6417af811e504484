#include "net/http_wire.h"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace holmes {
namespace {

bool is_ours(std::string_view name) {
  return equals_ignoring_case(name, "Content-Length") || equals_ignoring_case(name, "Connection") ||
         equals_ignoring_case(name, "Transfer-Encoding");
}

bool would_break(const std::pair<std::string, std::string>& field) {
  constexpr std::string_view kLineEnds("\r\n\0", 3);
  return field.first.empty() || field.first.find_first_of(kLineEnds) != std::string::npos ||
         field.first.find(':') != std::string::npos ||
         field.second.find_first_of(kLineEnds) != std::string::npos;
}

bool may_have_body(int status) {
  constexpr int kNoContent = 204;
  constexpr int kNotModified = 304;
  return status >= 200 && status != kNoContent && status != kNotModified;
}

}  // namespace

std::string response_head(const HttpResponse& response, bool keep_alive) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 std::string_view(reason.data(), reason.size()));
  for (const auto& field : response.headers.all()) {
    if (is_ours(field.first) || would_break(field)) continue;
    head += field.first;
    head += ": ";
    head += field.second;
    head += "\r\n";
  }
  if (may_have_body(response.status)) {
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  // "keep-alive" is only news to HTTP/1.0, but harmless to others.
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

HttpResponse error_response(int status, std::string_view text) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = to_text(json::object{{"detail", text}});
  return response;
}

}  // namespace holmes
