// libcurl's multi handle on the loop: its sockets, its one timer, its finished transfers. Private
// to net: curl_client.h is what others use.
//
// Threads: the loop's. Nothing here may be called from inside a libcurl callback.
#pragma once

#include <cstddef>
#include <memory>

#include "async/asio_loop.h"

using CURL = void;  // as libcurl declares it

namespace holmes {

// What a handle's CURLOPT_PRIVATE points at.
class CurlHandleOwner {
 public:
  // The transfer ended with this CURLcode; its handle has left the multi handle.
  virtual void on_done(int code) = 0;

 protected:
  ~CurlHandleOwner() = default;
};

class CurlMulti {
 public:
  CurlMulti(AsioLoop& loop, size_t connections_max);
  ~CurlMulti();  // asserts that no transfer is left; closes the kept connections
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // Every handle needs this once, before its first add().
  void prepare(CURL* handle);
  // Starts the transfer at the loop's next turn. CURLOPT_PRIVATE must be a CurlHandleOwner*.
  void add(CURL* handle);
  // Ends it now, without on_done; an unfinished transfer's connection is closed.
  void remove(CURL* handle);
  // Lets a transfer go on whose write callback paused it.
  void resume(CURL* handle);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace holmes
