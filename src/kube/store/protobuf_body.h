// Bodies in the protobuf encoding of Kubernetes: what client-go's typed clients, and so `kubectl
// create` and leader election, send for built-in kinds. Answers are JSON, which they accept. Pure.
// Rules: apimachinery's runtime/serializer/protobuf (the magic number and the Unknown around an
// object); the .proto files of k8s.io/api for the fields.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace holmes::kube {

inline constexpr size_t kMaxProtobufDepth = 48;

// Whether a Content-Type says so.
bool is_protobuf(std::string_view content_type);

// The object as JSON clients would have sent it. Fails with kNotFound for a kind that has no such
// encoding here, such as custom resources, and with kInvalid for what is none.
Result<json::object> read_protobuf(std::string_view body);

}  // namespace holmes::kube
