// The formats of strings that a schema may name, as the API server checks them. Pure.
// Rules: apiextensions-apiserver's supported formats, kube-openapi's strfmt.
//
// Looked at: date-time, date, uuid and uuid3 to uuid5, hostname, ipv4, byte, k8s-short-name,
// k8s-long-name; dashes in names do not count. The API server looks at some more (email, uri, ipv6,
// duration, ...), which pass here. Formats of numbers (int32, int64, double) bind nobody, there and
// here.
#pragma once

#include <string_view>

namespace holmes::kube {

// nullptr: nothing is known of that format, and any text will do.
using FormatCheck = bool (*)(std::string_view text);
FormatCheck format_check(std::string_view format);

}  // namespace holmes::kube
