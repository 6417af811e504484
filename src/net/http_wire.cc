#include "net/http_wire.h"

#include <iterator>

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxFramingBytes = 128;  // of a request, besides what its parts hold

bool is_ours(std::string_view name) {
  return equals_ignoring_case(name, "Content-Length") || equals_ignoring_case(name, "Connection") ||
         equals_ignoring_case(name, "Transfer-Encoding");
}

bool would_break(const HttpHeaders::Field& field) {
  constexpr std::string_view kLineEnds("\r\n\0", 3);
  const auto& [name, value] = field;
  return name.empty() || name.find_first_of(kLineEnds) != name.npos ||
         name.find(':') != name.npos || value.find_first_of(kLineEnds) != value.npos;
}

// How long a request's text can be, about: that much is allocated.
size_t request_bytes_max(const HttpRequest& request, const ClientTarget& target,
                         std::string_view user_agent) {
  size_t size = kMaxFramingBytes + request.method.size() + target.rest.size() +
                target.origin->text.size() + user_agent.size() + request.body.size();
  for (const auto& [name, value] : request.headers.all()) {
    size += name.size() + value.size() + std::string_view(": \r\n").size();
  }
  return size;
}

}  // namespace

bool may_have_body(int status) {
  constexpr int kNoContent = 204;
  constexpr int kNotModified = 304;
  return status >= 200 && status != kNoContent && status != kNotModified;
}

std::string response_head(const HttpResponse& response, Framing framing, bool keep_alive) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 std::string_view(reason.data(), reason.size()));
  for (const HttpHeaders::Field& field : response.headers.all()) {
    if (is_ours(field.first) || would_break(field)) continue;
    head += field.first;
    head += ": ";
    head += field.second;
    head += "\r\n";
  }
  if (may_have_body(response.status)) {
    if (framing == Framing::kLength) {
      head += fmt::format("Content-Length: {}\r\n", response.body.size());
    }
    if (framing == Framing::kChunks) head += "Transfer-Encoding: chunked\r\n";
  }
  // "keep-alive" is only news to HTTP/1.0, but harmless to others.
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

std::string chunk(std::string_view piece) {
  constexpr size_t kFrameBytes = 20;
  std::string text;
  text.reserve(piece.size() + kFrameBytes);
  fmt::format_to(std::back_inserter(text), "{:x}\r\n", piece.size());
  text += piece;
  text += "\r\n";
  return text;
}

std::string request_text(const HttpRequest& request, const ClientTarget& target,
                         std::string_view user_agent) {
  const std::string_view method = request.method;
  const std::string_view rest = target.rest.substr(0, target.rest.find('#'));
  const std::string_view body = method == "HEAD" ? std::string_view() : request.body;
  const bool sized = !body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
  std::string text;
  text.reserve(request_bytes_max(request, target, user_agent));
  const auto put = [&text](auto... pieces) { (text.append(std::string_view(pieces)), ...); };
  const auto add = [&put](std::string_view name, std::string_view value) {
    put(name, value.empty() ? ":" : ": ", value, "\r\n");
  };
  put(method, rest.starts_with('/') ? " " : " /", rest, " HTTP/1.1\r\n");
  if (!request.headers.find("Host")) add("Host", target.origin->host_header());
  if (!request.headers.find("User-Agent")) add("User-Agent", user_agent);
  if (!request.headers.find("Accept")) add("Accept", "*/*");
  for (const auto& [name, value] : request.headers.all()) {
    if (!is_ours(name)) add(name, value);
  }
  if (sized) add("Content-Length", std::to_string(body.size()));
  put("\r\n", body);
  return text;
}

HttpResponse error_response(int status, std::string_view text) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = to_text(json::object{{"detail", text}});
  return response;
}

}  // namespace holmes
