// A watch stream and a list: any bytes, in any pieces, give the same events.
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "kube/core/object.h"
#include "kube/core/watch_event.h"

namespace holmes::kube {
namespace {

// What the decoder said so far, one line each.
std::vector<std::string> drain(WatchDecoder& decoder, bool& lost,
                               const WatchDecoder::IsKnown& is_known = {}) {
  std::vector<std::string> lines;
  while (!lost) {
    const Result<std::optional<WatchEvent>> event = decoder.next(is_known);
    if (!event) {
      lines.push_back(event.error().message);
      lost = event.error().code == ErrorCode::kTooLarge;
      HOLMES_ASSERT(lost || event.error().code == ErrorCode::kProtocol);
      continue;
    }
    if (!*event) break;
    const WatchEvent& e = **event;
    lines.push_back(std::string(to_string(e.type)) + " " + e.resource_version + " " +
                    key_of(e.object).to_text() + " " + to_text(json::value(e.object)));
    if (const Result<ObjectMeta> meta = ObjectMeta::from_json(e.object)) {
      HOLMES_ASSERT(!meta->name.empty());
      HOLMES_ASSERT(meta->key() == key_of(e.object));
    }
  }
  return lines;
}

}  // namespace
}  // namespace holmes::kube

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  std::string_view bytes = fuzz::text(data, size);
  const uint8_t seed = fuzz::take_byte(bytes);

  bool lost = false;
  kube::WatchDecoder whole;
  whole.feed(bytes);
  const std::vector<std::string> expected = kube::drain(whole, lost);

  bool lost_too = false;
  kube::WatchDecoder pieces;
  std::vector<std::string> got;
  fuzz::in_pieces(bytes, seed, [&](std::string_view piece) {
    pieces.feed(piece);
    for (std::string& line : kube::drain(pieces, lost_too)) got.push_back(std::move(line));
  });
  HOLMES_ASSERT(got == expected);
  HOLMES_ASSERT(lost == lost_too);
  HOLMES_ASSERT(lost || pieces.pending_bytes() == whole.pending_bytes());

  // A glance at each event first changes nothing, when nothing is known.
  bool lost_again = false;
  kube::WatchDecoder glancing;
  glancing.feed(bytes);
  const auto never = [](const kube::ObjectGlance::Seen& seen) {
    HOLMES_ASSERT(seen.uid.size() <= kube::kMaxGlanceBytes);
    return false;
  };
  HOLMES_ASSERT(kube::drain(glancing, lost_again, never) == expected);

  if (const auto list = kube::decode_list(bytes)) {
    for (const json::object& item : list->items) {
      static_cast<void>(kube::ObjectMeta::from_json(item));
    }
  }
  return 0;
}
