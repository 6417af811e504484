#include "net/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace holmes {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

constexpr size_t kMaxHeaderBytes = size_t{256} << 10U;  // with the interim responses before it
constexpr size_t kUsualFields = 16;
constexpr size_t kUsualHeaderBytes = 768;
constexpr int kFirstStatus = 100;
constexpr int kSwitchingProtocols = 101;
constexpr int kFirstFinalStatus = 200;

Error error_of(const error_code& error) {
  if (error == http::error::body_limit) {
    return {ErrorCode::kTooLarge, "the response is larger than allowed"};
  }
  if (error == http::error::header_limit) {
    return {ErrorCode::kTooLarge, "the header of the response is larger than allowed"};
  }
  if (error == http::error::partial_message || error == http::error::end_of_stream) {
    return {ErrorCode::kUnavailable, "the connection was closed before a whole response came"};
  }
  return {ErrorCode::kProtocol, "the response is not HTTP/1: " + error.message()};
}

}  // namespace

class ResponseParser::Message final : public http::basic_parser<false> {
 public:
  Message(HttpResponse& response, bool to_head, std::optional<size_t> body_bytes_max)
      : response_(response) {
    eager(true);
    skip(to_head);
    header_limit(kMaxHeaderBytes);
    body_limit(boost::none);
    if (body_bytes_max) body_limit(*body_bytes_max);
  }

 private:
  void on_request_impl(http::verb /*verb*/, string_view /*method*/, string_view /*target*/,
                       int /*version*/, error_code& /*error*/) override {}
  void on_response_impl(int status, string_view /*reason*/, int /*version*/,
                        error_code& /*error*/) override {
    response_.status = status;
    response_.headers.reserve(kUsualFields, kUsualHeaderBytes);
  }
  void on_field_impl(http::field /*field*/, string_view name, string_view value,
                     error_code& /*error*/) override {
    if (is_header_done()) return;  // a trailer
    response_.headers.add(name, value);
  }
  void on_header_impl(error_code& /*error*/) override {}
  void on_body_init_impl(const boost::optional<uint64_t>& /*length*/,
                         error_code& /*error*/) override {}
  size_t on_body_impl(string_view bytes, error_code& /*error*/) override {
    response_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(uint64_t /*size*/, string_view /*extension*/,
                            error_code& /*error*/) override {}
  size_t on_chunk_body_impl(uint64_t /*left*/, string_view bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(error_code& /*error*/) override {}

  HttpResponse& response_;
};

ResponseParser::ResponseParser(bool to_head, std::optional<size_t> body_bytes_max)
    : to_head_(to_head),
      body_bytes_max_(body_bytes_max),
      message_(std::make_unique<Message>(response_, to_head, body_bytes_max)) {}

ResponseParser::~ResponseParser() = default;

Result<size_t> ResponseParser::put(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && !message_->is_done()) {
    const bool in_header = !message_->is_header_done();
    error_code error;
    const size_t more =
        message_->put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
    taken += more;
    if (error && error != http::error::need_more) return fail(error_of(error));
    if (in_header) header_bytes_ += more;
    // Beast has no limit for a header that comes in pieces, nor for lines between chunks.
    const size_t held = bytes.size() - taken + (message_->is_header_done() ? 0 : header_bytes_);
    if (error && held > kMaxHeaderBytes) return fail(error_of(http::error::header_limit));
    if (error) break;
    if (message_->is_header_done() && response_.status < kFirstFinalStatus) {
      if (response_.status < kFirstStatus) {
        return fail(ErrorCode::kProtocol, "the response has a status below 100");
      }
      if (response_.status == kSwitchingProtocols) {
        return fail(ErrorCode::kProtocol, "the server switched to another protocol unasked");
      }
      response_ = {};
      message_ = std::make_unique<Message>(response_, to_head_, body_bytes_max_);
    }
  }
  return taken;
}

Status ResponseParser::put_end() {
  error_code error = http::error::end_of_stream;
  if (message_->got_some()) message_->put_eof(error);
  if (error) return fail(error_of(error));
  return Status();
}

bool ResponseParser::headers_done() const {
  return message_->is_header_done();
}

bool ResponseParser::done() const {
  return message_->is_done();
}

bool ResponseParser::keeps_connection() const {
  return message_->keep_alive();
}

}  // namespace holmes
