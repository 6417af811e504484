// SHA-256, HMAC and base64, for names derived from content, signatures and Kubernetes' encoded
// fields. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace holmes {

// 64 lower-case hexadecimal characters.
std::string sha256_hex(std::string_view bytes);

// HMAC-SHA256 (RFC 2104): 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Two lower-case hexadecimal characters for each byte.
std::string to_hex(std::string_view bytes);

std::string base64_encode(std::string_view bytes);

// Standard alphabet; white space and line breaks are skipped. Fails with kInvalid on anything else.
Result<std::string> base64_decode(std::string_view text);

}  // namespace holmes
