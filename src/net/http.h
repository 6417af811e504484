// HTTP messages as values, and the two seams: HttpClient (outgoing) and HttpHandler (incoming).
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"
#include "base/time.h"

namespace holmes {

// Header fields. Names compare without case; order and repetition are kept.
// What is given is copied and must not be of these headers; what is returned stays until they are
// changed or moved.
class HttpHeaders {
 public:
  using Field = std::pair<std::string_view, std::string_view>;  // name and value

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Field> fields);

  // Makes room for so many more fields with so many bytes in all, for who knows that.
  void reserve(size_t fields, size_t bytes);
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  // The first of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  // All of that name, in order.
  [[nodiscard]] std::vector<std::string_view> find_all(std::string_view name) const;
  // All in order, as Field: a random-access range.
  [[nodiscard]] auto all() const {
    return places_ | std::views::transform([this](const Place& place) { return field(place); });
  }

 private:
  // Of a name in the text; its value follows.
  struct Place {
    size_t begin;
    size_t name_size;
    size_t value_size;
  };
  [[nodiscard]] Field field(const Place& place) const {
    const std::string_view text = text_;
    return {text.substr(place.begin, place.name_size),
            text.substr(place.begin + place.name_size, place.value_size)};
  }

  std::string text_;  // all names and values, and those replaced: no allocations for each of them
  std::vector<Place> places_;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target{};  // client: an absolute URL; server: the request target, "/path?query"
  HttpHeaders headers{};
  std::string body{};
  // Client only: "10.0.0.1:5050" or "[::1]:5050", to reach this address instead of what the
  // target's host resolves to; host header and TLS name stay the target's.
  std::string connect_to{};
};

// Where the body of a server's response comes from, piece by piece, when it is large or made over
// time. One call at a time; none after the end, an error or a hang-up.
class HttpBody {
 public:
  virtual ~HttpBody() = default;
  // The next piece, which is sent at once; large bodies come in pieces of 64 KiB to 1 MiB. May wait
  // as long as it likes. nullopt at the end; an Error breaks the connection off, so that the client
  // sees no regular end. The stop is requested when the client hung up or the server closes hard;
  // what it returns then is not sent.
  virtual Task<Result<std::optional<std::string>>> next(Stop stop) = 0;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers{};
  std::string body{};
  std::shared_ptr<HttpBody> stream{};  // server only: sent instead of the body
};

// "Retry-After" as seconds or as an HTTP date (RFC 9110, 10.2.3), at most a day; nullopt when
// absent or unreadable.
std::optional<std::chrono::milliseconds> retry_after(const HttpHeaders& headers, WallTime now);

// A response whose body arrives piece by piece; one read at a time. Destroying it before the end
// closes the connection.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  [[nodiscard]] virtual int status() const = 0;
  [[nodiscard]] virtual const HttpHeaders& headers() const = 0;
  // The next bytes in order, never empty; nullopt at the regular end of the body. Fails with
  // kUnavailable when the connection broke, kTimeout or kCancelled by the stop.
  virtual Task<Result<std::optional<std::string>>> read(Stop stop) = 0;
};

// Sends requests. Every status is a success here; an Error means that there is no response:
// kRefused (no connection was made, nothing was sent), kUnavailable (broke in the middle: the peer
// may have acted), kTimeout and kCancelled (by the stop; likewise unknown), kTooLarge (body limit),
// kInvalid (bad URL, header or TLS material), kProtocol. The message names method and URL without
// the query. A request whose kept connection turns out to be dead is sent again only when it is a
// GET or HEAD. Runs on the loop's thread. The client outlives its requests.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) = 0;
  // Returns when the status line and headers have arrived.
  virtual Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) = 0;
};

// Answers one request; must not throw. A HEAD is answered like a GET: the server leaves the body
// out. The stop is requested when the client hung up or the server closes hard.
using HttpHandler = std::function<Task<HttpResponse>(HttpRequest request, Stop stop)>;

}  // namespace holmes
