// An HTTP response (headers, chunked and plain bodies, interim responses): any bytes, in any
// pieces, give the same response or are refused. (Which refusal may depend on the pieces.)
#include <string>

#include "fuzz/input.h"
#include "net/response_parser.h"

namespace holmes {
namespace {

constexpr size_t kBodyBytesMax = 4096;

struct Read {
  bool done = false;
  int status = 0;
  size_t headers = 0;
  std::string body;
  bool refused = false;

  bool operator==(const Read&) const = default;
};

// Gives the parser what it left last time together with what came.
class Reader {
 public:
  explicit Reader(bool to_head) : parser_(to_head, kBodyBytesMax) {}

  void put(std::string_view piece) {
    if (parser_.done() || read_.refused) return;
    left_ += piece;
    while (!left_.empty() && !parser_.done()) {
      const Result<size_t> taken = parser_.put(left_);
      if (!taken) {
        read_.refused = true;
        return;
      }
      HOLMES_ASSERT(*taken <= left_.size());
      if (*taken == 0) return;
      left_.erase(0, *taken);
    }
  }
  Read end() {
    if (!parser_.done() && !read_.refused) read_.refused = !parser_.put_end();
    if (read_.refused) return read_;
    read_.done = parser_.done();
    HOLMES_ASSERT(read_.done && parser_.headers_done());
    const HttpResponse& response = parser_.response();
    HOLMES_ASSERT(response.body.size() <= kBodyBytesMax);
    read_.status = response.status;
    read_.headers = response.headers.all().size();
    read_.body = response.body;
    return read_;
  }

 private:
  ResponseParser parser_;
  std::string left_;
  Read read_;
};

}  // namespace
}  // namespace holmes

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  std::string_view bytes = fuzz::text(data, size);
  const bool to_head = (fuzz::take_byte(bytes) & 1U) != 0;
  const uint8_t seed = fuzz::take_byte(bytes);

  Reader whole(to_head);
  whole.put(bytes);
  Reader pieces(to_head);
  fuzz::in_pieces(bytes, seed, [&pieces](std::string_view piece) { pieces.put(piece); });
  HOLMES_ASSERT(whole.end() == pieces.end());
  return 0;
}
