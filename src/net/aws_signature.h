// AWS Signature Version 4: which key sent a request, and that nobody changed it. Pure.
//
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace holmes {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // of temporary ones; empty: none
};

struct AwsScope {
  std::string region;   // "us-east-1"
  std::string service;  // "bedrock"
};

// Adds X-Amz-Date, X-Amz-Security-Token (with a session token) and Authorization. Signed are those,
// the host, and all headers that the request has now; what is added later is not. The target is an
// absolute URL whose path goes over the wire as it is. Fails with kInvalid when it is none.
Status sign_aws(HttpRequest& request, const AwsCredentials& credentials, const AwsScope& scope,
                WallTime now);

}  // namespace holmes
