// What a label's key and value may look like, in the API server's words. Pure.
// Rules: Kubernetes "Labels and Selectors" (syntax and character set).
#pragma once

#include <string>
#include <string_view>

namespace holmes::kube {

// RFC 1123: a label of lower case letters, digits and '-', or several with dots between them.
// Length is not looked at.
bool is_dns_label(std::string_view text);
bool is_dns_subdomain(std::string_view text);
// What is said of a text that is no subdomain.
inline constexpr std::string_view kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

// What is wrong with it, all of it, joined by "; "; "" when nothing is. Annotations have the same
// keys.
std::string label_key_errors(std::string_view key);
std::string label_value_errors(std::string_view value);

// As messages of the API server quote a value: in double quotes, with Go's escapes.
std::string quoted(std::string_view text);

}  // namespace holmes::kube
