// What a label's key and value may look like, in the API server's words. Pure.
// Rules: Kubernetes "Labels and Selectors" (syntax and character set).
#pragma once

#include <string>
#include <string_view>

namespace holmes::kube {

// What is wrong with it, all of it, joined by "; "; "" when nothing is. Annotations have the same
// keys.
std::string label_key_errors(std::string_view key);
std::string label_value_errors(std::string_view value);

// As messages of the API server quote a value: in double quotes, with Go's escapes.
std::string quoted(std::string_view text);

}  // namespace holmes::kube
