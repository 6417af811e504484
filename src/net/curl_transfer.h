// One request on its way through libcurl. Private to net: curl_client.h is what others use.
//
// CurlEngine is what the transfers of a client share: the multi handle and a few idle easy handles.
// Threads: the loop's.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/wait.h"
#include "net/client_request.h"
#include "net/curl_client.h"
#include "net/curl_multi.h"

struct curl_slist;

namespace holmes {

class CurlEngine {
 public:
  CurlEngine(AsioLoop& loop, CurlClientOptions options);
  ~CurlEngine();
  CurlEngine(const CurlEngine&) = delete;
  CurlEngine& operator=(const CurlEngine&) = delete;

  // A handle with everything set that does not depend on the request.
  CURL* take_handle();
  // Takes back a handle whose transfer ended well; the others are freed by whoever holds them.
  void give_back(CURL* handle);

  [[nodiscard]] AsioLoop& loop() { return loop_; }
  [[nodiscard]] CurlMulti& multi() { return multi_; }
  [[nodiscard]] const CurlClientOptions& options() const { return options_; }

 private:
  [[nodiscard]] CURL* make_handle();

  AsioLoop& loop_;
  const CurlClientOptions options_;  // the handles point into it
  CurlMulti multi_;
  std::vector<CURL*> idle_;
};

// How the body is taken: whole (up to the limit), or in pieces with a pause when the reader is
// slow.
enum class CurlBody { kWhole, kPieces };

// Stays where it is from start() on: libcurl points into it. Destroying it ends the request.
class CurlTransfer final : private CurlHandleOwner {
 public:
  CurlTransfer(CurlEngine& engine, HttpRequest request, CurlBody mode);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Fails with kInvalid when the request cannot be sent as it is. Call once.
  Status start();
  // Both wait for the transfer; when the stop comes first they end it and return the stop's error.
  Task<Status> until_headers(Stop stop);  // kPieces only
  Task<Status> until_done(Stop stop);
  // kPieces only, after until_headers: see HttpStream::read.
  Task<Result<std::optional<std::string>>> read(Stop stop);

  // After until_headers or until_done.
  [[nodiscard]] HttpResponse& response() { return response_; }
  // The stop's error for this request.
  [[nodiscard]] Error stopped(const Stop& stop) const;

 private:
  struct Callbacks;
  friend struct Callbacks;

  void on_done(int code) override;
  void set_url(CURL* handle, const ClientTarget& target);
  void set_headers(CURL* handle);
  void set_method(CURL* handle);
  Task<Status> changed(Stop stop);
  void end();  // off the wire; nothing more arrives
  [[nodiscard]] Error error(int code) const;

  static constexpr size_t kErrorTextBytes = 256;  // CURL_ERROR_SIZE

  CurlEngine& engine_;
  HttpRequest request_;
  const CurlBody mode_;
  CURL* handle_ = nullptr;  // while it is with libcurl
  curl_slist* header_lines_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::string host_header_;  // when the URL's host is not the one in "Host"
  std::array<char, kErrorTextBytes> error_text_{};

  Event changed_;
  HttpResponse response_;
  size_t header_bytes_ = 0;
  bool sent_ = false;        // libcurl began to send: the peer may act on it
  bool sent_again_ = false;  // ... and was kept from repeating a request that changes something
  bool too_large_ = false;
  bool paused_ = false;
  bool headers_done_ = false;
  bool done_ = false;
  std::optional<Error> error_;  // why it is done, unless well
};

}  // namespace holmes
