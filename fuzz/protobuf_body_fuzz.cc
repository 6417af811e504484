// Bodies in the protobuf encoding of Kubernetes: any bytes become an object of a kind, or are
// refused.
#include "fuzz/input.h"
#include "kube/store/protobuf_body.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const auto object = kube::read_protobuf(fuzz::text(data, size));
  if (!object) {
    HOLMES_ASSERT(!object.error().message.empty());
    return 0;
  }
  HOLMES_ASSERT(!json_string_or(*object, {"kind"}).empty());
  HOLMES_ASSERT(json_string(*object, {"apiVersion"}).has_value());
  return 0;
}
