// co_await for one Asio operation. Private to net.
//
//   const IoResult got = co_await io([&](auto done) { socket.async_read_some(buffer, done); });
//
// The operation's handler resumes the coroutine; the caller keeps alive what the operation uses.
// An operation must have ended before its loop goes, or the coroutine is lost.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

#include <boost/system/error_code.hpp>

namespace holmes {

struct IoResult {
  boost::system::error_code error;
  size_t bytes = 0;
};

template <class Start>
class IoAwaiter {
 public:
  explicit IoAwaiter(Start start) : start_(std::move(start)) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    start_([this, waiting](const boost::system::error_code& error, size_t bytes = 0) {
      result_ = {error, bytes};
      waiting.resume();
    });
  }
  IoResult await_resume() const { return result_; }

 private:
  Start start_;
  IoResult result_;
};

// `start` begins the operation with the handler it is given.
template <class Start>
IoAwaiter<Start> io(Start start) {
  return IoAwaiter<Start>(std::move(start));
}

}  // namespace holmes
