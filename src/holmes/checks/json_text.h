// JSON inside of what a model wrote as text. Pure; the views are parts of the text.
#pragma once

#include <string_view>

namespace holmes {

// The text without blanks around it, and without a code fence when it is one as a whole.
std::string_view without_fence(std::string_view text);

// From the first brace to the one that closes it, braces in strings not counted; empty when there
// is none or it is never closed.
std::string_view first_object(std::string_view text);

}  // namespace holmes
